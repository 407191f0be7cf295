"""Looks at drawn captions: where the lit word is, and what text looks like when it is set by other means."""

from __future__ import annotations

import itertools
from typing import cast

import numpy as np
import uharfbuzz as hb  # type: ignore[import-untyped]  # brings no types
from numpy.typing import NDArray

from core_pipeline.contracts.engines import Word
from core_pipeline.contracts.faces import Shape
from core_pipeline.media.film.captions import Captions, Overlay
from core_pipeline.media.film.lettering import FILE, WEIGHT, picture

SQUARE = Shape(512, 512)
STEP = 0.4
Mask = NDArray[np.bool_]


def words(text: str, step: float = STEP) -> list[Word]:
    """Return the words of a text, one every `step` seconds."""
    return [Word(word, number * step, (number + 1) * step - 0.02) for number, word in enumerate(text.split())]


def overlays(text: str, language: str = "ar", shape: Shape = SQUARE) -> list[Overlay]:
    """Return what is seen while each word is said."""
    captions = Captions(words(text), shape, language, None)
    found = [captions.over((number + 0.5) * STEP) for number in range(len(text.split()))]
    return [overlay for overlay in found if overlay is not None]


def lit(overlay: Overlay) -> Mask:
    """Return where the word being said is: its colour has little blue."""
    rgba = overlay.rgba.astype(int)
    return (rgba[..., 0] > 150) & (rgba[..., 2] < rgba[..., 0] - 60)


def plain(overlay: Overlay) -> Mask:
    """Return where the other words are: white."""
    return cast("Mask", (overlay.rgba[..., :3] > 170).all(axis=-1))


def box(mask: Mask) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of what is set in a mask."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def places(text: str, language: str = "ar") -> list[tuple[int, float]]:
    """Return for each word, in the order of speech, its line's y (rounded to 20 pixels) and its middle's x."""
    found = []
    for overlay in overlays(text, language):
        left, top, right, bottom = box(lit(overlay))
        found.append(((overlay.y + (top + bottom) // 2) // 20, overlay.x + (left + right) / 2))
    return found


def cut(mask: Mask) -> Mask:
    """Return only the part of a mask that has something in it."""
    left, top, right, bottom = box(mask)
    return mask[top:bottom, left:right]


def likeness(one: Mask, other: Mask) -> float:
    """Return how alike two masks are, 1.0 for the same: their correlation, a little blurred, at the best shift."""
    height, width = (max(a, b) + 6 for a, b in zip(one.shape, other.shape, strict=True))
    first = _blurred(one, 3, 3, height, width)
    shifts = itertools.product(range(7), repeat=2)
    return max(float((first * _blurred(other, down, across, height, width)).sum()) for down, across in shifts)


def _blurred(mask: Mask, down: int, across: int, height: int, width: int) -> NDArray[np.float64]:
    placed = np.zeros((height + 2, width + 2))
    placed[down : down + mask.shape[0], across : across + mask.shape[1]] = mask
    soft = np.mean([placed[y : y + height, x : x + width] for y in range(3) for x in range(3)], axis=0)
    return cast("NDArray[np.float64]", (soft - soft.mean()) / np.linalg.norm(soft - soft.mean()))


def outlined(text: str, size: float, direction: str) -> Mask:
    """Return a text of one direction as HarfBuzz alone sets it: its outlines as one path, no text library involved."""
    font = hb.Font(hb.Face(hb.Blob.from_file_path(FILE)))
    font.set_variations({"wght": WEIGHT})
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.direction = direction
    hb.shape(font, buffer)
    paths, x = [], 0
    for glyph, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        outline = hb.DrawFuncs()
        parts: list[str] = []
        outline.set_move_to_func(lambda x, y, parts: parts.append(f"M{x} {y}"))
        outline.set_line_to_func(lambda x, y, parts: parts.append(f"L{x} {y}"))
        outline.set_quadratic_to_func(lambda a, b, x, y, parts: parts.append(f"Q{a} {b} {x} {y}"))
        outline.set_cubic_to_func(lambda a, b, c, d, x, y, parts: parts.append(f"C{a} {b} {c} {d} {x} {y}"))
        outline.set_close_path_func(lambda parts: parts.append("Z"))
        font.draw_glyph(glyph.codepoint, outline, parts)
        paths.append(f'<path transform="translate({x + place.x_offset} {place.y_offset})" d="{"".join(parts)}"/>')
        x += place.x_advance
    scale = size / font.face.upem
    drawn = picture(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{x * scale + 20:.0f}" height="{size * 2:.0f}">'
        f'<g transform="translate(10 {size * 1.4:.2f}) scale({scale} -{scale})">{"".join(paths)}</g></svg>'
    )
    return drawn[..., 3] > 130
