"""A tenant's dictionary of pronunciation: looked up for speaking, and kept in order."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from core_pipeline.arabic.pronouncing import AS_WRITTEN, Pronouncing, alike, clean
from errors import Impossible
from tenants import audit, pronunciations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from tenants.audit import Actor
    from tenants.db import Database
    from tenants.models import Pronunciation

LANGUAGES = ("ar", "en")
LONGEST_WRITTEN, LONGEST_SPOKEN = 80, 200
MOST_BYTES = 1 << 20
COLUMNS = ("language", "written", "spoken")
# Spreadsheets take a cell that begins so for a formula.
_FORMULAS, _QUOTED = ("=", "+", "-", "@", "\t"), "'"

Word = tuple[str, str, str]


async def pronouncing_of(db: Database, tenant_id: str, language: str) -> Pronouncing:
    """How this tenant's own words are spoken in this language, as of now."""
    async with db.tenant(tenant_id, reads=True) as session:
        rows = await pronunciations.listing(session, language)
    return Pronouncing(tuple((row.written, row.spoken) for row in rows)) if rows else AS_WRITTEN


async def keep(
    session: AsyncSession, actor: Actor, language: str, written: str, spoken: str, pronunciation_id: str = ""
) -> Pronunciation:
    """Keep a word, a new one unless the id of one is given, and audit it.

    Raises `Impossible` for words that are empty or endless, and for one that is there already, however it is written.
    """
    language, written, spoken = _checked(language, written, spoken)
    there = await pronunciations.listing(session, language)
    if any(alike(row.written) == alike(written) and row.id != pronunciation_id for row in there):
        raise Impossible("pronunciation-known", "this word is in the dictionary already: change it there")
    if not pronunciation_id:
        row = await pronunciations.add(session, language, written, spoken)
        audit.record(session, actor, "pronunciation.add", row.id, after=_told(row))
        return row
    row = await pronunciations.get(session, pronunciation_id)
    before = _told(row)
    row.language, row.written, row.spoken = language, written, spoken
    audit.record(session, actor, "pronunciation.change", row.id, before=before, after=_told(row))
    return row


async def drop(session: AsyncSession, actor: Actor, pronunciation_id: str) -> None:
    """Delete a word and audit it; `Impossible` "pronunciation-missing" when the tenant has none of that id."""
    row = await pronunciations.remove(session, pronunciation_id)
    audit.record(session, actor, "pronunciation.delete", row.id, before=_told(row))


async def take_in(session: AsyncSession, actor: Actor, words: Sequence[Word]) -> tuple[int, int]:
    """Keep all these words, those that are there already as they are spoken here; how many are new, and changed."""
    there = {(row.language, alike(row.written)): row for row in await pronunciations.listing(session)}
    new = changed = 0
    for language, written, spoken in words:
        known = there.get((language, alike(written)))
        if known is None:
            row = await pronunciations.add(session, language, written, spoken)
            there[language, alike(written)] = row
            new += 1
        elif known.spoken != spoken:
            known.spoken = spoken
            changed += 1
    audit.record(session, actor, "pronunciation.import", after={"new": new, "changed": changed})
    return new, changed


def read_table(data: bytes) -> list[Word]:
    """The words of a CSV file (language, written, spoken; comma, semicolon or tab).

    Raises `Impossible` "pronunciation-table" for what is no such table, and names the line that is wrong.
    """
    if len(data) > MOST_BYTES:
        raise Impossible("pronunciation-table", "the file is larger than a dictionary can be")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Impossible("pronunciation-table", "save the file as CSV UTF-8") from error
    return list(_rows(text))


def table(rows: Sequence[Pronunciation]) -> bytes:
    """The words as a CSV file that spreadsheets open with Arabic letters."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_safe(cell) for cell in (row.language, row.written, row.spoken)])
    return out.getvalue().encode("utf-8-sig")


def _rows(text: str) -> Iterator[Word]:
    first = text.partition("\n")[0]
    mark = max((",", ";", "\t"), key=first.count)
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text), delimiter=mark), 1):
            cells = [_plain(cell) for cell in cells]  # noqa: PLW2901 - the cells as they are meant
            if not any(cells) or (number == 1 and tuple(one.lower() for one in cells[:3]) == COLUMNS):
                continue
            yield _line(number, cells)
    except csv.Error as error:
        raise Impossible("pronunciation-table", "this is no CSV file") from error


def _line(number: int, cells: Sequence[str]) -> Word:
    if len(cells) < len(COLUMNS):
        raise Impossible("pronunciation-table", f"line {number}: three columns are needed: {', '.join(COLUMNS)}")
    try:
        return _checked(cells[0].lower(), cells[1], cells[2])
    except Impossible as error:
        raise Impossible("pronunciation-table", f"line {number}: {error.detail}") from error


def _checked(language: str, written: str, spoken: str) -> Word:
    written, spoken = clean(written.replace("\0", "")), clean(spoken.replace("\0", ""))
    if language not in LANGUAGES:
        raise Impossible("pronunciation-language", f"the language is one of: {', '.join(LANGUAGES)}")
    if not (0 < len(written) <= LONGEST_WRITTEN and 0 < len(spoken) <= LONGEST_SPOKEN and alike(written)):
        most = f"{LONGEST_WRITTEN} and {LONGEST_SPOKEN}"
        raise Impossible("pronunciation-words", f"give how it is written and spoken, {most} letters at most")
    return language, written, spoken


def _told(row: Pronunciation) -> dict[str, str]:
    return {"language": row.language, "written": row.written, "spoken": row.spoken}


def _safe(cell: str) -> str:
    return f"{_QUOTED}{cell}" if cell.startswith(_FORMULAS) else cell


def _plain(cell: str) -> str:
    bare = cell.strip()
    return bare[1:] if bare.startswith(tuple(_QUOTED + one for one in _FORMULAS)) else bare
