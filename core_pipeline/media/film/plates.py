"""Draws a card of words on its plate once, and lights up one word after the other without drawing again."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from core_pipeline.media.film.cards import Card
from core_pipeline.media.film.lettering import FAMILY, WEIGHT, Picture, picture
from core_pipeline.media.film.order import ordered

LEADING, PADDING_X, PADDING_Y, BASELINE, CORNER = 1.45, 0.7, 0.3, 1.04, 0.5  # in parts of the font's size
GROUND, OPACITY = "#0b1622", 0.68
WHITE, LIT = (255, 255, 255), (255, 215, 94)
SHADES = 4  # of each colour, to tell the words of a card apart
MOST_WORDS = SHADES**3


@dataclass(frozen=True)
class Plate:
    """A drawn card with all words white, the same with all of them lit, and which word each pixel belongs to."""

    white: Picture
    lit: Picture
    word: NDArray[np.uint8]

    def saying(self, number: int) -> Picture:
        """Return the card with this word lit, premultiplied; -1 lights none."""
        return np.where((self.word == number)[..., None], self.lit, self.white)


def height(lines: int, size: float) -> int:
    """Return how high a plate of so many lines is, in pixels, the font being `size` pixels large."""
    return round(size * (lines * LEADING + 2 * PADDING_Y))


def draw(card: Card, size: float, width: int, language: str) -> Plate:
    """Return the card drawn `width` pixels wide, words past `MOST_WORDS` never lit."""
    high = height(len(card.lines), size)
    ground = _svg(
        width, high, f'<rect width="{width}" height="{high}" rx="{size * CORNER:.2f}" fill="{GROUND}" '
        f'fill-opacity="{OPACITY}"/>'
    )  # fmt: skip
    marked = picture(_svg(width, high, _texts(card, size, width, language)))
    under, alpha = _premultiplied(picture(ground)), marked[..., 3:].astype(np.uint16)
    white, lit = (_laid(colour, alpha, under) for colour in (WHITE, LIT))
    return Plate(white, lit, _words(marked))


def _svg(width: int, high: int, content: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{high}">{content}</svg>'


def _texts(card: Card, size: float, width: int, language: str) -> str:
    """Return the lines as SVG, each word in a colour of its own by which its pixels are known."""
    texts, first = [], 0
    for number, line in enumerate(card.lines):
        y = size * (PADDING_Y + number * LEADING + BASELINE)
        words = ordered([word.text for word in line], language)
        spans = " ".join(f'<tspan fill="{_mark(first + at)}">{escape(text)}</tspan>' for at, text in enumerate(words))
        texts.append(f'<text x="{width / 2:.2f}" y="{y:.2f}" text-anchor="middle">{spans}</text>')
        first += len(line)
    return f'<g font-family="{FAMILY}" font-weight="{WEIGHT}" font-size="{size:.2f}">{"".join(texts)}</g>'


def _mark(number: int) -> str:
    shades = (number // SHADES**place % SHADES * 255 // (SHADES - 1) for place in range(3))
    return f"#{bytes(shades).hex()}"


def _words(marked: Picture) -> NDArray[np.uint8]:
    """Return the number of each pixel's word; 255 where there is none."""
    shades = (marked[..., :3].astype(np.uint16) * (SHADES - 1) + 127) // 255
    numbers = shades @ np.array([SHADES**place for place in range(3)], np.uint16)
    return np.where(marked[..., 3] > 0, numbers, 255).astype(np.uint8)


def _premultiplied(rgba: Picture) -> Picture:
    done = rgba.copy()
    done[..., :3] = (rgba[..., :3] * rgba[..., 3:].astype(np.uint16) + 127) // 255
    return done


def _laid(colour: tuple[int, int, int], alpha: NDArray[np.uint16], under: Picture) -> Picture:
    """Return letters of one colour laid over the plate."""
    letters = np.array([*colour, 255], np.uint16)
    return ((letters * alpha + under * (255 - alpha) + 127) // 255).astype(np.uint8)
