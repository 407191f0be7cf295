"""What stands where on a PDF's page: every glyph with its letters, its place and its size."""

from __future__ import annotations

import ctypes
import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from core_pipeline.knowledge.documents.mending.letters import plain_letter

_SAME_PLACE = 0.05
_TALLEST, _SMALLEST = 400.0, 1.0
_NEAR = 1.2
_LONGEST_WORD = 30


@dataclass(frozen=True)
class Glyph:
    """The letters of one glyph in reading order; `left`, `right` and the base line `y` in points, `size` of the font.

    `origin` is the pen's place along the line: letters that share it are one glyph, whose room pdfium shares out.
    """

    text: str
    left: float
    right: float
    y: float
    size: float
    origin: float = 0.0


def glyphs_of(page: pdfium.PdfPage) -> tuple[list[Glyph], str]:
    """Return the glyphs of a page in the file's order, and the text that a plain reader would get."""
    words = page.get_textpage()
    try:
        found = list(_ligatures(list(_with_bearings(list(_letters(words, page))))))
        return list(_with_marks(found)), words.get_text_range() if found else ""
    finally:
        words.close()


def _letters(words: pdfium.PdfTextPage, page: pdfium.PdfPage) -> Iterator[Glyph]:
    x, y, box = ctypes.c_double(), ctypes.c_double(), pdfium_c.FS_RECTF()
    (width, height), turned = page.get_size(), page.get_rotation()
    for index in range(words.count_chars()):
        code = pdfium_c.FPDFText_GetUnicode(words.raw, index)
        if code < 0x20 or pdfium_c.FPDFText_IsGenerated(words.raw, index) == 1:
            continue
        pdfium_c.FPDFText_GetCharOrigin(words.raw, index, x, y)
        pdfium_c.FPDFText_GetLooseCharBox(words.raw, index, box)
        if box.left == box.right and box.top == box.bottom:  # a blank that pdfium guessed, nowhere on the page
            continue
        letter = Glyph(chr(code), box.left, box.right, y.value, _size(words, index), x.value)
        yield _upright(letter, x.value, box, turned, width, height) if turned else letter


def _size(words: pdfium.PdfTextPage, index: int) -> float:
    """How large a letter is written, in points: boxes are as low as the ink in some fonts."""
    scale = pdfium_c.FS_MATRIX()
    pdfium_c.FPDFText_GetMatrix(words.raw, index, scale)
    size = pdfium_c.FPDFText_GetFontSize(words.raw, index) * math.hypot(scale.c, scale.d)
    return float(min(max(size, _SMALLEST), _TALLEST))


def _upright(letter: Glyph, x: float, box: pdfium_c.FS_RECTF, turned: int, width: float, height: float) -> Glyph:
    """Turn a glyph with its page; `width` and `height` are those of the page as it is shown."""
    if turned == 90:
        return replace(letter, left=box.bottom, right=box.top, y=height - x, origin=letter.y)
    if turned == 180:
        return replace(letter, left=width - box.right, right=width - box.left, y=height - letter.y, origin=width - x)
    return replace(letter, left=width - box.top, right=width - box.bottom, y=x, origin=width - letter.y)


def _with_bearings(letters: list[Glyph]) -> Iterator[Glyph]:
    """Boxes may be as narrow as the ink: give each glyph the room too that the pen left free before it."""
    for place, letter in enumerate(letters):
        beside = [*letters[max(0, place - 1) : place], *letters[place + 1 : place + 2]]
        first = all(other.left >= letter.left for other in beside if _one_glyph(other, letter))
        near = 0 < letter.left - letter.origin < letter.size
        yield replace(letter, left=letter.origin) if first and near else letter


def _ligatures(letters: list[Glyph]) -> Iterator[Glyph]:
    """Bring the letters that share one glyph together, in reading order."""
    start = 0
    while start < len(letters):
        stop = start + 1
        while stop < len(letters) and _same_place(letters[start], letters[stop]):
            stop += 1
        letter = letters[start]
        text = _read("".join(each.text for each in letters[start:stop]))
        yield letter if text == letter.text else replace(letter, text=text)
        start = stop


def _same_place(one: Glyph, other: Glyph) -> bool:
    if one.text.isspace() or other.text.isspace() or _is_mark(other.text):
        return False
    apart = max(abs(one.left - other.left), abs(one.right - other.right), abs(one.y - other.y))
    return apart < _SAME_PLACE and one.right - one.left > _SAME_PLACE


def _decompositions() -> frozenset[str]:
    """What single presentation forms stand for: pdfium spells these out in reading order."""
    forms = (plain_letter(chr(code)) for code in range(0xFB50, 0xFEFD))
    return frozenset(text for text in forms if len(text) > 1)


_SPELLED = _decompositions()


def _read(text: str) -> str:
    """Put the letters of one Arabic glyph in order: those that the font's own table names come back to front."""
    if len(text) == 1:
        return plain_letter(text)
    if not any(unicodedata.bidirectional(letter) in {"AL", "R"} for letter in text):
        return text
    return text if text in _SPELLED else text[::-1]


def _is_mark(text: str) -> bool:
    return unicodedata.category(text[0]) == "Mn"


def _with_marks(glyphs: list[Glyph]) -> Iterator[Glyph]:
    """Let each harakah join the letter that it stands at; one that stands at none is left out."""
    held: list[Glyph] = []
    for glyph in glyphs:
        if not _is_mark(glyph.text):
            held.append(glyph)
        elif (place := _bearer(held, glyph)) is not None:
            letter = held[place]
            left, right = letter.left, letter.right
            if _one_glyph(letter, glyph):  # the room of both is the letter's
                left, right = min(left, glyph.left), max(right, glyph.right)
            held[place] = replace(letter, text=letter.text + glyph.text, left=left, right=right)
    yield from held


def _bearer(glyphs: list[Glyph], mark: Glyph) -> int | None:
    """Which of these bears the mark: the one drawn with it, which pdfium may have put before others; else the last."""
    last = len(glyphs) - 1
    for place in range(last, max(-1, last - _LONGEST_WORD), -1):
        if _one_glyph(glyphs[place], mark):
            return place
    return last if glyphs and _touches(glyphs[last], mark) else None


def _one_glyph(letter: Glyph, mark: Glyph) -> bool:
    return abs(letter.origin - mark.origin) < _SAME_PLACE and abs(letter.y - mark.y) < _SAME_PLACE


def _touches(letter: Glyph, mark: Glyph) -> bool:
    reach = (letter.right - letter.left) * (_NEAR - 1) + 1
    near = letter.left - reach <= (mark.left + mark.right) / 2 <= letter.right + reach
    return near and abs(letter.y - mark.y) < letter.size
