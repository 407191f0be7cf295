"""Spreadsheets and comma-separated values: each sheet is a page with one table."""

from __future__ import annotations

import csv
import io
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any

import openpyxl

from core_pipeline.knowledge.documents.blocks import Block, Heading, Paragraph, Table
from core_pipeline.knowledge.documents.formats.draft import Draft, mended
from core_pipeline.knowledge.documents.formats.encoding import decoded
from core_pipeline.knowledge.documents.formats.packed import check_packed
from core_pipeline.media.wire import Refused

MOST_ROWS, MOST_COLUMNS = 50_000, 100
_DELIMITERS = ",;\t|،؛"
_SAMPLE_ROWS = 50
_LEAST_ROWS, _AGREE = 2, 0.6
_PLAIN_NAME = ("sheet", "ورقة", "feuil")

Row = tuple[str, ...]


def read_workbook(data: bytes) -> Draft:
    """Read an .xlsx file; formulas give the value that was saved with them."""
    check_packed(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl tells of styles and extensions that it leaves out
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        pages = [
            _page(sheet.title, [tuple(map(_cell, row)) for row in _bounded(sheet.iter_rows())]) for sheet in sheets
        ]
    return mended(Draft([page for page in pages if page]))


def read_values(data: bytes) -> Draft:
    """Read comma-separated values, whatever they are separated by."""
    text = decoded(data)
    delimiter = delimiter_of(text) or ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    return mended(Draft([_page("", [tuple(cell.strip() for cell in row) for row in _bounded(rows)])]))


def delimiter_of(text: str) -> str | None:
    """Return what separates the values of a text, None if it is no table."""
    found = {sign: _agreement(text, sign) for sign in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda sign: found[sign])
    return best if found[best] > (_AGREE, 0) else None


def _agreement(text: str, delimiter: str) -> tuple[float, int]:
    """Return which share of the first rows has the commonest number of columns, and that number; 0 if it is 1."""
    lines = io.StringIO(text[:100_000], newline="")
    try:
        rows = [row for row, _ in zip(csv.reader(lines, delimiter=delimiter), range(_SAMPLE_ROWS), strict=False)]
    except csv.Error:
        return (0.0, 0)
    widths = Counter(len(row) for row in rows if row)
    width, times = max(widths.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
    return (times / widths.total(), width) if width > 1 and times >= _LEAST_ROWS else (0.0, 0)


def _bounded(rows: Iterable[Sequence[Any]]) -> Iterable[Sequence[Any]]:
    for number, row in enumerate(rows):
        if number >= MOST_ROWS:
            raise Refused("document-too-long", f"more than {MOST_ROWS} rows")
        yield row[:MOST_COLUMNS]


def _cell(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number(value, cell.number_format or "")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date | time):
        return value.isoformat() if isinstance(value, date) else value.isoformat("minutes")
    return " ".join(str(value).split())


def _number(value: float, pattern: str) -> str:
    if "%" in pattern:
        return f"{_plain(value * 100)}%"
    return _plain(value)


def _plain(value: float) -> str:
    """Write a number without the noise of binary fractions and without an exponent."""
    if isinstance(value, int):
        return str(value)
    text = f"{value:.6f}" if abs(value) < 1e15 else f"{value:.0f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _page(title: str, rows: Sequence[Row]) -> list[Block]:
    """Lines of one cell above the table are its title; columns that are empty throughout are left out."""
    kept = [row for row in rows if any(row)]
    if not kept:
        return []
    named = [Heading(title, 1)] if title and not title.lower().startswith(_PLAIN_NAME) else []
    start = 0
    while start < len(kept) - 1 and sum(map(bool, kept[start])) == 1:
        start += 1
    above = [Paragraph(next(filter(None, row))) for row in kept[:start]]
    return [*named, *above, Table(_trimmed(kept[start:]), headed=len(kept) - start > 1)]


def _trimmed(rows: Sequence[Row]) -> tuple[Row, ...]:
    width = max(len(row) for row in rows)
    filled = [row + ("",) * (width - len(row)) for row in rows]
    used = [column for column in range(width) if any(row[column] for row in filled)]
    return tuple(tuple(row[column] for column in used) for row in filled)
