"""Looks at a logo before it is drawn."""

from __future__ import annotations

import struct

from errors import Impossible

_MARK = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_MOST_BYTES, _LARGEST = 2_097_152, 2048


def checked(logo: bytes) -> bytes:
    """Return the logo; `Impossible` "avatar-logo" for no PNG, one over 2 MiB or with a side over 2048 pixels."""
    if not logo.startswith(_MARK) or len(logo) > _MOST_BYTES or len(logo) < len(_MARK) + 8:
        raise Impossible("avatar-logo", "the logo is no PNG picture or over 2 MiB")
    sides = struct.unpack_from(">II", logo, len(_MARK))
    if not all(0 < side <= _LARGEST for side in sides):
        raise Impossible("avatar-logo", f"the logo is {sides[0]}x{sides[1]}, at most {_LARGEST} is drawn")
    return logo
