"""From glyphs to lines, from lines to columns and tables: by place alone, whatever order the file has them in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from core_pipeline.knowledge.documents.formats.glyphs import Glyph

_SAME_LINE = 0.35
_BLANK = 0.16
_GUTTER = 1.3
_TEXT_COLUMN = 20
_APART, _LINE_STEP = 1.6, 2.2
_LEADERS = re.compile(r"[.…·_]{4,}")
_LEAST_ROWS = 2


@dataclass(frozen=True)
class Piece:
    """A stretch of one line with no wide gap in it: its units from left to right, blanks among them."""

    units: tuple[str, ...]
    left: float
    right: float
    y: float
    size: float

    @property
    def letters(self) -> int:
        """How many letters, figures and signs it has."""
        return sum(len(unit) for unit in self.units if not unit.isspace())


Row = list[Piece]


@dataclass(frozen=True)
class Grid:
    """Rows of a table: one list of pieces for each column, columns from left to right."""

    rows: tuple[tuple[tuple[Piece, ...], ...], ...]


def rows_of(glyphs: Sequence[Glyph]) -> list[Row]:
    """Return the lines of a page from top to bottom, each cut at its wide gaps, from left to right."""
    rows: list[list[Glyph]] = []
    for glyph in sorted(glyphs, key=lambda glyph: -glyph.y):
        if rows and abs(rows[-1][0].y - glyph.y) <= _SAME_LINE * max(rows[-1][0].size, glyph.size):
            rows[-1].append(glyph)
        else:
            rows.append([glyph])
    cut = ([piece for piece in _pieces(sorted(row, key=lambda glyph: glyph.left)) if piece.letters] for row in rows)
    return [row for row in cut if row]


def _pieces(row: Sequence[Glyph]) -> Iterator[Piece]:
    start = 0
    for place, (one, other) in enumerate(pairwise(row), start=1):
        if _gap(row, place) > _GUTTER * max(one.size, other.size):
            yield from _without_leaders(row[start:place])
            start = place
    yield from _without_leaders(row[start:])


def _gap(row: Sequence[Glyph], place: int) -> float:
    """Width of the empty room before glyph `place`; written blanks are empty room too."""
    back = place - 1
    while back > 0 and row[back].text.isspace():
        back -= 1
    return 0.0 if row[place].text.isspace() else row[place].left - row[back].right


def _without_leaders(glyphs: Sequence[Glyph]) -> Iterator[Piece]:
    """Cut where a row of dots leads the eye from a name to its price."""
    signs = "".join(glyph.text[0] for glyph in glyphs)
    done = 0
    for dots in _LEADERS.finditer(signs):
        yield from _piece(glyphs[done : dots.start()])
        done = dots.end()
    yield from _piece(glyphs[done:])


def _piece(glyphs: Sequence[Glyph]) -> Iterator[Piece]:
    written = [glyph for glyph in glyphs if not glyph.text.isspace()]
    if not written:
        return
    size, last, blank = max(glyph.size for glyph in written), written[0], False
    units: list[str] = []
    for glyph in glyphs:
        if glyph.text.isspace():
            blank = blank or glyph.right > glyph.left
            continue
        if units and (blank or glyph.left - last.right > _BLANK * size):
            units.append(" ")
        units.append(glyph.text)
        last, blank = glyph, False
    yield Piece(tuple(units), written[0].left, max(glyph.right for glyph in written), written[0].y, size)


def regions(rows: Sequence[Row], *, rtl: bool) -> Iterator[Row | Grid]:
    """Yield a page's rows in reading order: columns of text one after the other, tables as grids."""
    start = 0
    while start < len(rows):
        stop, gutters = _band(rows, start)
        if stop - start < _LEAST_ROWS or not gutters:
            yield rows[start]
            start += 1
            continue
        band = _cut(rows[start:stop], gutters)
        yield from _columns(band, rtl=rtl) if _is_text(band) else [Grid(tuple(band))]
        start = stop


def _band(rows: Sequence[Row], start: int) -> tuple[int, list[tuple[float, float]]]:
    """Return where the rows end that leave the same gutters free, and these gutters."""
    gutters = _gaps(rows[start])
    stop = start + 1
    while gutters and stop < len(rows) and _goes_on(rows, start, stop, len(gutters) + 1):
        free = [gutter for old in gutters if (gutter := _free(old, rows[stop])) is not None]
        if len(free) < len(gutters):
            break
        gutters, stop = free, stop + 1
    while stop > start + 1 and len(rows[stop - 1]) == 1 and not _is_text(_cut(rows[start:stop], gutters)):
        stop -= 1
    return stop, gutters


def _goes_on(rows: Sequence[Row], start: int, place: int, columns: int) -> bool:
    """Whether a row may belong to the band above it: no wider cut, no more columns, and no line between columns."""
    step = rows[place - 1][0].y - rows[place][0].y
    usual = rows[start][0].y - rows[start + 1][0].y
    near = step <= max(_APART * usual, _LINE_STEP * rows[place][0].size)
    return near and len(rows[place]) <= columns and (len(rows[place]) > 1 or step < _LINE_STEP * rows[place][0].size)


def _gaps(row: Row) -> list[tuple[float, float]]:
    return [(one.right, other.left) for one, other in pairwise(row)]


def _free(gutter: tuple[float, float], row: Row) -> tuple[float, float] | None:
    """Return what the row leaves free of a gutter, None if it closes it."""
    left, right = gutter
    for piece in row:
        if piece.left <= left and piece.right >= right:
            return None
        if piece.left <= left < piece.right:
            left = piece.right
        if piece.left < right <= piece.right:
            right = piece.left
        if left < piece.left and piece.right < right:
            return None
    return (left, right) if right - left > row[0].size * _BLANK else None


def _cut(rows: Sequence[Row], gutters: Sequence[tuple[float, float]]) -> list[tuple[tuple[Piece, ...], ...]]:
    return [_split(row, gutters) for row in rows]


def _split(row: Row, gutters: Sequence[tuple[float, float]]) -> tuple[tuple[Piece, ...], ...]:
    middles = [(left + right) / 2 for left, right in gutters]
    columns: list[list[Piece]] = [[] for _ in range(len(gutters) + 1)]
    for piece in row:
        columns[sum(middle < (piece.left + piece.right) / 2 for middle in middles)].append(piece)
    return tuple(tuple(column) for column in columns)


def _is_text(band: Sequence[tuple[tuple[Piece, ...], ...]]) -> bool:
    """Whether the columns of a band hold running text rather than cells: their lines are long."""
    if len(band) <= _LEAST_ROWS:
        return False
    widths = [[sum(p.letters for p in row[at]) for row in band if row[at]] for at in range(len(band[0]))]
    return all(column and median(column) >= _TEXT_COLUMN for column in widths)


def _columns(band: Sequence[tuple[tuple[Piece, ...], ...]], *, rtl: bool) -> Iterator[Row]:
    order = range(len(band[0]))
    for column in reversed(order) if rtl else order:
        yield from (list(row[column]) for row in band if row[column])
