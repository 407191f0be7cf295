"""A canvas that keeps its pictures from frame to frame: what stands still is parsed once, what moves only moved."""

from __future__ import annotations

import ctypes

import numpy as np
from numpy.typing import NDArray

from core_pipeline.engines.video.illustrated.thorvg import Handle, Matrix, library
from errors import Impossible

Pixels = NDArray[np.uint8]
UNMOVED: Matrix = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_WHOLE_REDRAW = 0  # everything moves in every frame: looking for what changed costs more than it saves
_ALMOST, _WHOLLY = 254, 255  # opacities
_CODES = {"svg": "avatar-art", "png": "avatar-logo"}


class Canvas:
    """`width` × `height` pixels in which pictures lie over one another; belongs to the one thread that made it."""

    def __init__(self, width: int, height: int) -> None:
        self._tvg = library()
        self._pixels = np.zeros((height, width, 4), np.uint8)
        self._canvas: Handle = self._tvg.tvg_swcanvas_create(_WHOLE_REDRAW)
        self._tvg.tvg_swcanvas_set_target(self._canvas, self._pixels.ctypes.data, width, width, height, 0)
        self._pictures: list[Handle] = []
        self._places: dict[int, Matrix] = {}
        self._ground: Pixels | None = None

    def settle(self) -> None:
        """Make all that lies on the canvas now its ground, drawn once and under all that comes; it can't be moved."""
        self._ground = self.draw().copy()
        self._tvg.tvg_canvas_remove(self._canvas, None)
        self._pictures.clear()
        self._places.clear()

    def add(self, data: bytes, matrix: Matrix = UNMOVED, kind: str = "svg") -> int:
        """Lay a picture over all others and return its number; `Impossible` for data that can't be drawn."""
        picture = self._loaded(data, kind)
        self._move(picture, matrix)
        self._tvg.tvg_canvas_add(self._canvas, picture)
        self._pictures.append(picture)
        return len(self._pictures) - 1

    def replace(self, number: int, data: bytes, matrix: Matrix) -> None:
        """Put another picture in the place of this one."""
        old, new = self._pictures[number], self._loaded(data, "svg")
        self._move(new, matrix)
        self._tvg.tvg_canvas_insert(self._canvas, new, old)
        self._tvg.tvg_canvas_remove(self._canvas, old)
        self._pictures[number], self._places[number] = new, matrix

    def move(self, number: int, matrix: Matrix) -> None:
        """Place a picture: (a, b, c, d, e, f) takes (x, y) to (ax + by + c, dx + ey + f) pixels."""
        if self._places.get(number) != matrix:
            picture = self._pictures[number]
            self._move(picture, matrix)
            # ThorVG leaves a drawn picture's gradients where they were unless something else of it changes, too.
            self._tvg.tvg_paint_set_opacity(picture, _ALMOST)
            self._tvg.tvg_paint_set_opacity(picture, _WHOLLY)
            self._places[number] = matrix

    def size(self, number: int) -> tuple[float, float]:
        """Return a picture's own width and height."""
        width, height = ctypes.c_float(), ctypes.c_float()
        self._tvg.tvg_picture_get_size(self._pictures[number], ctypes.byref(width), ctypes.byref(height))
        return width.value, height.value

    def draw(self) -> Pixels:
        """Return the picture, uint8 of (height, width, 4) as RGBA; the next call draws over it."""
        self._tvg.tvg_canvas_update(self._canvas)
        if self._ground is not None:
            np.copyto(self._pixels, self._ground)
        self._tvg.tvg_canvas_draw(self._canvas, self._ground is None)
        self._tvg.tvg_canvas_sync(self._canvas)
        return self._pixels

    def close(self) -> None:
        """Release the pictures and the canvas; a second call does nothing."""
        if self._canvas:
            self._tvg.tvg_canvas_destroy(self._canvas)
        self._canvas = 0
        self._pictures.clear()

    def _loaded(self, data: bytes, kind: str) -> Handle:
        picture: Handle = self._tvg.tvg_picture_new()
        if self._tvg.tvg_picture_load_data(picture, data, len(data), kind.encode(), None, True):
            self._tvg.tvg_paint_unref(picture, True)
            raise Impossible(_CODES[kind], f"ThorVG can't read the {kind} data")
        return picture

    def _move(self, picture: Handle, matrix: Matrix) -> None:
        values = (ctypes.c_float * 9)(*matrix, 0.0, 0.0, 1.0)
        self._tvg.tvg_paint_set_transform(picture, values)
