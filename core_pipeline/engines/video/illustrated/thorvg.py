"""The few functions of ThorVG (MIT) that drawing needs, from the library in the `thorvg-python` wheel.

The wheel's own Python (LGPL) sets a function's argument types anew at each call, which two threads would do to one
another, and keeps a type for every length of text it has ever seen: so its library is called directly.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

from errors import NeedsOwner

Handle: TypeAlias = int
Matrix: TypeAlias = tuple[float, float, float, float, float, float]

_NAMES = {"win32": "thorvg-1.dll", "darwin": "libthorvg-1.dylib"}
_P, _U = ctypes.c_void_p, ctypes.c_uint32
_FUNCTIONS = {
    "tvg_engine_init": ([_U], _U),
    "tvg_swcanvas_create": ([ctypes.c_uint8], _P),
    "tvg_swcanvas_set_target": ([_P, _P, _U, _U, _U, ctypes.c_uint8], _U),
    "tvg_canvas_add": ([_P, _P], _U),
    "tvg_canvas_insert": ([_P, _P, _P], _U),
    "tvg_canvas_remove": ([_P, _P], _U),
    "tvg_canvas_update": ([_P], _U),
    "tvg_canvas_draw": ([_P, ctypes.c_bool], _U),
    "tvg_canvas_sync": ([_P], _U),
    "tvg_canvas_destroy": ([_P], _U),
    "tvg_picture_new": ([], _P),
    "tvg_picture_load_data": ([_P, ctypes.c_char_p, _U, ctypes.c_char_p, _P, ctypes.c_bool], _U),
    "tvg_picture_get_size": ([_P, _P, _P], _U),
    "tvg_paint_set_transform": ([_P, _P], _U),
    "tvg_paint_set_opacity": ([_P, ctypes.c_uint8], _U),
    "tvg_paint_unref": ([_P, ctypes.c_bool], ctypes.c_uint16),
}


@cache
def library() -> ctypes.CDLL:
    """Return the library, ready to draw in whichever thread calls it; NeedsOwner when the wheel isn't installed."""
    found = find_spec("thorvg_python")
    if found is None or not found.submodule_search_locations:
        raise NeedsOwner("thorvg", "install thorvg-python (requirements/base.txt)")
    folder = Path(next(iter(found.submodule_search_locations)))
    loaded = ctypes.CDLL(str(folder / _NAMES.get(sys.platform, "libthorvg-1.so")))
    for name, (arguments, result) in _FUNCTIONS.items():
        function = getattr(loaded, name)
        function.argtypes, function.restype = arguments, result
    loaded.tvg_engine_init(0)  # no threads of its own: ours are enough
    return loaded
