"""Words burned into pictures, the one being said lit up, never over the mouth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TypeAlias

import numpy as np

from core_pipeline.contracts.engines import Word
from core_pipeline.contracts.faces import Shape
from core_pipeline.media.film.cards import LINES, cards
from core_pipeline.media.film.lettering import Picture
from core_pipeline.media.film.plates import PADDING_X, Plate, draw, height

Box: TypeAlias = tuple[float, float, float, float]

SIZE = 0.055  # of the shorter side
SMALLER = (1.0, 0.85, 0.72)
LEAST = 0.45  # how far a word that is too long for a line is made smaller; the rest is cut
ROOM, ROUND_ROOM = 0.9, 0.62  # of the width
MARGIN, GAP = 0.025, 0.012  # of the height


@dataclass(frozen=True)
class Overlay:
    """A picture to be laid over another, its left upper corner at x, y: height x width x RGBA, alpha premultiplied."""

    x: int
    y: int
    rgba: Picture


@dataclass(frozen=True)
class _Place:
    """Where plates stand, in pixels: `room` wide, two lines `high`; one with one line is `low` in it or at its top."""

    size: float
    top: int
    high: int
    room: int
    low: bool


class Captions:
    """The captions of one stretch of a film; belongs to one thread.

    `keep_clear` (left, top, width, height in pixels; the mouth) is never covered: captions stand under it, else above
    it, smaller if need be, and where there is no place at all there are none. Of `circular` pictures only the circle
    that touches their sides is seen. Times of `words` count in seconds from where `over` counts.
    """

    def __init__(
        self,
        words: Sequence[Word],
        shape: Shape,
        language: str,
        keep_clear: Box | None,
        *,
        circular: bool = False,
    ) -> None:
        self._language = language
        self._middle = shape.width // 2
        self._place = _place(shape, keep_clear, circular)
        self._cards = cards(words, self._place.room / self._place.size - 2 * PADDING_X) if self._place else []
        self._card = -1
        self._plate: Plate | None = None
        self._overlays: dict[int, Overlay] = {}

    def over(self, seconds: float) -> Overlay | None:
        """Return what lies over the picture at this time, None for nothing; the same object while nothing changes."""
        at = next((at for at, card in enumerate(self._cards) if card.start <= seconds < card.end), None)
        if at is None or self._place is None:
            return None
        if self._plate is None or at != self._card:
            self._card, self._overlays, self._plate = at, {}, self._draw(at, self._place)
        said = self._cards[at].said(seconds)
        if said not in self._overlays:
            self._overlays[said] = self._lit(self._plate, said, self._place)
        return self._overlays[said]

    def _draw(self, at: int, place: _Place) -> Plate:
        card = self._cards[at]
        wanted = card.widest + 2 * PADDING_X
        size = place.size * max(LEAST, min(1.0, place.room / (wanted * place.size)))
        return draw(card, size, min(place.room, round(wanted * size / 2) * 2), self._language)

    def _lit(self, plate: Plate, said: int, place: _Place) -> Overlay:
        high, width = plate.word.shape
        return Overlay(self._middle - width // 2, place.top + (place.high - high) * place.low, plate.saying(said))


def blend(frame: Picture, overlay: Overlay) -> None:
    """Lay the overlay over an RGB or RGBA picture, in place; ValueError where it reaches beyond the picture."""
    high, width = overlay.rgba.shape[:2]
    under = frame[overlay.y : overlay.y + high, overlay.x : overlay.x + width]
    if min(overlay.x, overlay.y) < 0 or under.shape[:2] != (high, width):
        raise ValueError("the overlay reaches beyond the picture")
    rest = under * (255 - overlay.rgba[..., 3:].astype(np.uint16)) + np.uint16(128)
    rest += rest >> 8  # and the next: divided by 255, rounded
    under[:] = overlay.rgba[..., : under.shape[2]] + (rest >> 8)


def _place(shape: Shape, keep_clear: Box | None, circular: bool) -> _Place | None:
    """Return the lowest place under the mouth in the largest font that fits, else the highest above it, else none."""
    wanted = (ROUND_ROOM if circular else ROOM) * shape.width
    for low in (True, False):
        for smaller in SMALLER:
            size = SIZE * min(shape.width, shape.height) * smaller
            high = height(LINES, size)
            for top in _tops(shape.height, high, keep_clear, low):
                room = _room(shape, top, high, circular)
                if room >= wanted:
                    return _Place(size, top, high, int(room) // 2 * 2, low)
    return None


def _tops(whole: int, high: int, keep_clear: Box | None, low: bool) -> Iterator[int]:
    """Give the upper edges that a plate could have, the best first."""
    gap, margin = round(GAP * whole), round(MARGIN * whole)
    if low:
        clear = round(keep_clear[1] + keep_clear[3]) + gap if keep_clear else margin
        yield from range(whole - margin - high, clear - 1, -1)
    elif keep_clear:
        yield from range(margin, round(keep_clear[1]) - gap - high + 1)


def _room(shape: Shape, top: int, high: int, circular: bool) -> float:
    """Return how wide a plate can be from `top` down, within the circle of a round picture."""
    if not circular:
        return ROOM * shape.width
    radius, middle = min(shape.width, shape.height) * (0.5 - MARGIN), shape.height / 2
    away = max(abs(top - middle), abs(top + high - middle))
    return 2 * sqrt(radius**2 - away**2) if away < radius else 0.0
