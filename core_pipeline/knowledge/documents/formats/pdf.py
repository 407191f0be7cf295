"""PDF files: text by place, in reading order, with headings, lists, tables; running headers and footers left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pypdfium2 as pdfium

from core_pipeline.knowledge.documents.blocks import Block, Heading, Item, Paragraph, Table
from core_pipeline.knowledge.documents.columns import split
from core_pipeline.knowledge.documents.formats.draft import Draft
from core_pipeline.knowledge.documents.formats.glyphs import glyphs_of
from core_pipeline.knowledge.documents.formats.layout import Grid, Piece, Row, regions, rows_of
from core_pipeline.knowledge.documents.mending.direction import brackets_right, reading_order
from core_pipeline.knowledge.documents.mending.evidence import ENOUGH, backwards, leaning
from core_pipeline.knowledge.documents.mending.letters import ARABIC, plain_letters, tidy
from core_pipeline.knowledge.documents.mending.lines import (
    blank_numbers,
    edges,
    furniture,
    is_page_number,
    is_rtl,
    joined,
)
from core_pipeline.media.wire import Refused

MOST_PAGES = 1_000
_LOCKED = "password"
_HEADING, _TITLE = 1.15, 1.4
_LONGEST_HEADING = 120
_SPACING = 1.75
_SHORT = 0.7
_BULLET = re.compile(r"^(?:[•▪●◦○■□–\-*➢✓❖➤]\s*(?=\S)|(?=(?:[0-9]|[٠-٩]){1,2}[.)\-]\s))")
_END = re.compile(r"[.!?؟:…]\s*$")
_WORD = re.compile(r"[^\W_]+")
_LETTERS = re.compile(r"[^\W_]")


@dataclass(frozen=True)
class Line:
    """One line in reading order, where it stands and how large it is written."""

    text: str
    left: float
    right: float
    y: float
    size: float


@dataclass(frozen=True)
class _Sheet:
    """A page laid out; `plain` is the text that a plain reader would get of it."""

    parts: list[Row | Grid]
    plain: str
    rtl: bool


def read_pdf(data: bytes, most_pages: int = MOST_PAGES) -> Draft:
    """Read a PDF; raises `Refused` for locked ones, too many pages, and pages that are only pictures."""
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        raise Refused("document-locked" if _LOCKED in str(error).lower() else "document-unreadable") from None
    try:
        if len(document) > most_pages:
            raise Refused("document-too-long", f"{len(document)} pages, at most {most_pages}")
        sheets = [_sheet(page) for page in document]
        title = document.get_metadata_value("Title")
    finally:
        document.close()
    if not any(sheet.parts for sheet in sheets):
        raise Refused("document-scanned" if sheets else "document-empty")
    return _draft(sheets, tidy(title))


def _sheet(page: pdfium.PdfPage) -> _Sheet:
    try:
        glyphs, plain = glyphs_of(page)
    finally:
        page.close()
    rtl = is_rtl(plain)
    return _Sheet(list(regions(rows_of(glyphs), rtl=rtl)), plain, rtl)


def _draft(sheets: Sequence[_Sheet], title: str) -> Draft:
    turned = backwards(_read(piece, rtl=sheet.rtl) for sheet in sheets for piece in _pieces(sheet))
    pages = [[_part(part, sheet.rtl, turned=turned) for part in sheet.parts] for sheet in sheets]
    texts = [[part.text for part in page if isinstance(part, Line)] for page in pages]
    running = furniture(texts)
    kept = [_without_furniture(page, running) for page in pages]
    body = _body_size(kept)
    order = any(_changed(sheet, page) for sheet, page in zip(sheets, pages, strict=True))
    fewer = bool(running) and any(len(after) < len(before) for after, before in zip(kept, pages, strict=True))
    return Draft([list(_blocks(page, body)) for page in kept], order or fewer, title)


def _pieces(sheet: _Sheet) -> Iterator[Piece]:
    for part in sheet.parts:
        if isinstance(part, Grid):
            yield from (piece for row in part.rows for cell in row for piece in cell)
        else:
            yield from part


def _part(part: Row | Grid, rtl: bool, *, turned: bool) -> Line | Table:
    if isinstance(part, Grid):
        rows = tuple(_cells(row, rtl=rtl, turned=turned) for row in part.rows)
        return Table(rows, headed=bool(split(Table(rows, headed=True))[0]))
    text = " ".join(_mended(piece, rtl=rtl, turned=turned) for piece in (reversed(part) if rtl else part))
    return Line(text, part[0].left, part[-1].right, part[0].y, max(piece.size for piece in part))


def _cells(row: Sequence[Sequence[Piece]], *, rtl: bool, turned: bool) -> tuple[str, ...]:
    cells = [" ".join(_mended(piece, rtl=rtl, turned=turned) for piece in cell) for cell in row]
    return tuple(reversed(cells) if rtl else cells)


def _read(piece: Piece, *, rtl: bool) -> str:
    text = "".join(piece.units)
    right = bool(ARABIC.search(text)) and (rtl or is_rtl(text))
    # pdfium has mirrored the brackets between Arabic letters already.
    return reading_order(piece.units, rtl=right, by_look=False) if ARABIC.search(text) else text


def _mended(piece: Piece, *, rtl: bool, turned: bool) -> str:
    """Read a piece by its place; where a program without any notion of Arabic drew it, as it stands."""
    read = _read(piece, rtl=rtl)
    sign = leaning(read)
    if ARABIC.search(read) and (sign <= -ENOUGH or (turned and sign < ENOUGH)):
        read = brackets_right("".join(piece.units))
    return tidy(plain_letters(read))


def _changed(sheet: _Sheet, page: Sequence[Line | Table]) -> bool:
    """Whether a plain reader would have got other Arabic words than we read, or in another order."""
    plain = _words(sheet.plain)
    texts = (cell for part in page for cell in ([part.text] if isinstance(part, Line) else sum(part.rows, ())))
    return any(ARABIC.search(text) and _words(text) not in plain for text in texts)


def _words(text: str) -> str:
    """Return the words of a text, tidied, without signs, each between blanks."""
    return f" {' '.join(_WORD.findall(tidy(plain_letters(' '.join(text.split())))))} "


def _without_furniture(page: Sequence[Line | Table], running: frozenset[str]) -> list[Line | Table]:
    edge = set(edges([part.text for part in page if isinstance(part, Line)]))
    return [
        part for part in page if isinstance(part, Table) or part.text not in edge or not _is_furniture(part, running)
    ]


def _is_furniture(line: Line, running: frozenset[str]) -> bool:
    return blank_numbers(line.text) in running or is_page_number(line.text)


def _body_size(pages: Sequence[Sequence[Line | Table]]) -> float:
    """The size in which most letters are written."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for part in page:
            if isinstance(part, Line):
                sizes[round(part.size, 1)] += len(part.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _blocks(page: Sequence[Line | Table], body: float) -> Iterator[Block]:
    held: list[Line] = []
    for part in page:
        if isinstance(part, Table):
            yield from _text(held)
            yield part
            continue
        if not _LETTERS.search(part.text):
            continue
        heading = part.size > _HEADING * body and len(part.text) <= _LONGEST_HEADING
        if held and (heading or _BULLET.match(part.text) or not _follows(held, part)):
            yield from _text(held)
        if heading:
            yield Heading(part.text, 1 if part.size > _TITLE * body else 2)
        else:
            held.append(part)
    yield from _text(held)


def _follows(held: Sequence[Line], line: Line) -> bool:
    """Whether a line goes on with the paragraph above it."""
    last = held[-1]
    close = 0 < last.y - line.y <= _SPACING * max(last.size, line.size)
    broken = _END.search(last.text) and last.right - last.left < _SHORT * max(each.right - each.left for each in held)
    return close and abs(last.size - line.size) < 0.1 * last.size and not broken


def _text(held: list[Line]) -> Iterator[Block]:
    if not held:
        return
    text = held[0].text
    for line in held[1:]:
        text = joined(text, line.text)
    held.clear()
    found = _BULLET.match(text)
    yield Item(text[found.end() :]) if found else Paragraph(text)
