"""Pictures packed four bytes to a number, read between their pixels: the one inner loop of the engine, numpy only."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Packed: TypeAlias = NDArray[np.uint32]
Floats: TypeAlias = NDArray[np.float32]
Rgb: TypeAlias = NDArray[np.uint8]
SUB = 16  # steps between two pixels: four bits each way, so that the four weights add up to 256 in 16-bit lanes
STRIP = 64  # rows at once: what is worked on stays in the cache
_EVEN, _ODD, _HALF = np.uint32(0x00FF00FF), np.uint32(0xFF00FF00), np.uint32(0x00800080)
_EIGHT, _FOUR, _WHOLE = np.uint32(8), np.uint32(4), np.uint32(256)


def packed(picture: Rgb) -> Packed:
    """Return (height, width, 3) colours as opaque numbers of (height, width)."""
    opaque = np.full((*picture.shape[:2], 4), 255, np.uint8)
    opaque[..., :3] = picture
    return opaque.view("<u4")[..., 0]


def unpacked(picture: Packed) -> Rgb:
    """Return numbers as (…, 4) bytes red, green, blue and alpha that share their memory."""
    return picture.view(np.uint8).reshape(*picture.shape, 4)


def gathered(source: Packed, x: Floats, y: Floats) -> Packed:
    """Return the colours of `source` at places counted in sixteenths of a pixel, each mixed from the four around it.

    Places must lie inside the picture, at least one pixel from its right and lower edge.
    """
    result = np.empty(x.shape, np.uint32)
    flat, stride = source.ravel(), source.shape[1]
    for start in range(0, x.shape[0], STRIP):
        rows = slice(start, start + STRIP)
        result[rows] = _strip(flat, stride, x[rows].astype(np.int32), y[rows].astype(np.int32))
    return result


def _strip(flat: Packed, stride: int, x: NDArray[np.int32], y: NDArray[np.int32]) -> Packed:
    places = ((y >> 4) * stride + (x >> 4)).astype(np.intp)
    right, below = (x & 15).astype(np.uint32), (y & 15).astype(np.uint32)
    both = right * below
    right = (right << _FOUR) - both
    below = (below << _FOUR) - both
    even, odd = _lanes(flat, places, _WHOLE - right - below - both)
    for step, weight in ((1, right), (stride - 1, below), (1, both)):
        places += step
        more_even, more_odd = _lanes(flat, places, weight)
        even += more_even
        odd += more_odd
    even += _HALF
    odd += _HALF
    mixed: Packed = ((even >> _EIGHT) & _EVEN) | (odd & _ODD)
    return mixed


def _lanes(flat: Packed, places: NDArray[np.intp], weight: Packed) -> tuple[Packed, Packed]:
    """Return red and blue, green and alpha times their weight, two channels to a number."""
    found = flat.take(places, mode="clip")
    odd = (found >> _EIGHT) & _EVEN
    found &= _EVEN
    return found * weight, odd * weight
