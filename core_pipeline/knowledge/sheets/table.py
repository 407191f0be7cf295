"""Records as a file for spreadsheets, and back: any usual encoding and separator, and cells that run no formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core_pipeline.arabic.language import detect
from core_pipeline.knowledge.documents.columns import column
from core_pipeline.knowledge.documents.formats.encoding import decoded
from core_pipeline.knowledge.sheets.fields import clean, columns
from core_pipeline.media.wire import Refused
from errors import Impossible
from tenants.facts import LANGUAGES, Shape

MARK = "\ufeff"
MOST_BYTES, MOST_ROWS, MOST_CELL = 8 << 20, 20_000, 20_000
_SEPARATORS = ",;\t|،؛"
_SEP_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
# What a spreadsheet would run as a formula gets an apostrophe before it; so does what looks as if it had one already.
_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_QUOTED = re.compile(r"'+[=+\-@\t\r＝＋－＠]")


@dataclass(frozen=True)
class Line:
    """One row of a file: its number there (the header is 1), and its cells by field."""

    number: int
    record: dict[str, str]


def write(names: Sequence[str], records: Iterable[Mapping[str, str]]) -> bytes:
    """The records as comma-separated UTF-8 with a byte order mark, by which Excel knows it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([guarded(record.get(name, "")) for name in names] for record in records)
    return (MARK + out.getvalue()).encode("utf-8", "ignore")


def read(shape: Shape, data: bytes) -> list[Line]:
    """Read a file's rows; those without anything in them are left out.

    Raises `Impossible`: csv-empty, csv-large, csv-kind (no text), csv-broken, csv-columns (none that we know).
    """
    if not data.strip():
        raise Impossible("csv-empty", "there is nothing in the file")
    if len(data) > MOST_BYTES:
        raise Impossible("csv-large", f"at most {MOST_BYTES >> 20} MiB: split it into smaller files")
    try:
        text = decoded(data)
    except Refused as refused:
        raise Impossible("csv-kind", "save it as CSV (comma separated) and try again") from refused
    return read_text(shape, text)


def read_text(shape: Shape, text: str) -> list[Line]:
    """The same from a text."""
    text = text.removeprefix(MARK).replace("\0", "")
    stated = _SEP_LINE.match(text)
    body = text[stated.end() :] if stated else text
    separator = stated[1] if stated and stated[1] in _SEPARATORS else _separator(shape, body)
    rows = _rows(body, separator)
    names = _names(shape, rows[0][1]) if rows else []
    if not _tells(shape, names):
        raise Impossible("csv-columns", f"name the columns in the first row: {', '.join(columns(shape))}")
    if len(rows) - 1 > MOST_ROWS:
        raise Impossible("csv-large", f"at most {MOST_ROWS} rows: split it into smaller files")
    skipped = 1 if stated else 0
    lines = [Line(number + skipped, _record(shape, names, row)) for number, row in rows[1:]]
    return [line for line in lines if any(line.record.values())]


def guarded(cell: str) -> str:
    """The cell as no spreadsheet takes it for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell as it was before `guarded`."""
    return cell[1:] if _QUOTED.match(cell) else cell


def _rows(text: str, separator: str) -> list[tuple[int, list[str]]]:
    """Rows with the number of the line on which each begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows: list[tuple[int, list[str]]] = []
    begins = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((begins, row))
            begins = reader.line_num + 1
            if len(rows) > MOST_ROWS + 1:
                break
    except csv.Error as error:
        raise Impossible("csv-broken", f"line {begins} can't be read: look for a quotation mark too many") from error
    return rows


def _separator(shape: Shape, text: str) -> str:
    """What separates the names of the columns: the sign that gives most names that we know."""
    found: dict[str, int] = {}
    for sign in _SEPARATORS:
        try:
            first = next(csv.reader(io.StringIO(text[:20_000].lstrip(), newline=""), delimiter=sign), [])
        except csv.Error:
            first = []
        found[sign] = sum(bool(name) for name in _names(shape, first))
    return max(_SEPARATORS, key=lambda sign: found[sign])


def _names(shape: Shape, header: Sequence[str]) -> list[str]:
    """The field of each column: "" for one that we don't know, "question_" where the rows tell the language."""
    known, taken, names = set(columns(shape)), set[str](), list[str]()
    for cell in header:
        name = _name(shape, unguarded(clean(cell)), known)
        names.append("" if name in taken else name)
        taken.add(name)
    return names


def _name(shape: Shape, header: str, known: set[str]) -> str:
    plain = header.lower().replace(" ", "_")
    if plain in known:
        return plain
    found = column(header)
    if found.role in shape.said:
        return f"{found.role}_{found.language}"
    return found.role if found.role in known else "language" if found.role == "language" else ""


def _tells(shape: Shape, names: Sequence[str]) -> bool:
    """Whether the columns say enough: each of a question and its answer, or a name."""
    needed = shape.said[:2] if shape.name == "entries" else shape.said[:1]
    return all(any(name.rpartition("_")[0] == one for name in names) for one in needed)


def _record(shape: Shape, names: Sequence[str], row: Sequence[str]) -> dict[str, str]:
    """The cells by field; a column that names no language is of the row's own."""
    cells = {name: unguarded(clean(cell))[: MOST_CELL + 1] for name, cell in zip(names, row, strict=False) if name}
    language = _language(shape, cells)
    record: dict[str, str] = {}
    for name, cell in cells.items():
        if name != "language":
            record.setdefault(f"{name}{language}" if name.endswith("_") else name, cell)
    return record


def _language(shape: Shape, cells: Mapping[str, str]) -> str:
    stated = column(cells.get("language", "")).language if cells.get("language") else ""
    first = cells.get(f"{shape.said[0]}_", "")
    found = stated or (detect(first[:500]) if first else None) or LANGUAGES[0]
    return found if found in LANGUAGES else LANGUAGES[0]
