"""Facts as people edit them: a question or a thing for sale with all its languages side by side.

Every change raises `Tenant.knowledge_version` in its own unit of work, by which every process's index goes stale.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from errors import Impossible, NeedsOwner
from tenants.db import scope_of
from tenants.documents import changed
from tenants.fact_search import ENTRIES, LANGUAGES, OWN, PRODUCTS, SHAPES, Asked, Shape, conditions
from tenants.models import Chunk, Product

__all__ = ["ENTRIES", "LANGUAGES", "OWN", "PRODUCTS", "SHAPES", "Asked", "Shape"]

MOST = 40_000
LONGEST_FACT = 200
_BATCH = 500
_MARK = 24
Values = Mapping[str, Any]
Versions = Mapping[str, Values]


@dataclass(frozen=True)
class Fact:
    """A fact by its key: what its row says in each language; `document_id` names the document that it came with."""

    key: str
    versions: Versions
    document_id: str | None = None
    ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """What differs when anything of the fact does: whoever edits it shows what they have seen."""
        said = json.dumps(self.versions, sort_keys=True, ensure_ascii=True)
        return sha256(said.encode()).hexdigest()[:_MARK]

    @property
    def missing(self) -> tuple[str, ...]:
        """The languages that it is not told in yet."""
        return tuple(language for language in LANGUAGES if language not in self.versions)


@dataclass(frozen=True)
class Origin:
    """Where a found passage stands: the key of a fact, or a document with its page."""

    kind: str
    fact: str = ""
    document_id: str | None = None
    page: int | None = None


def new_key(shape: Shape) -> str:
    """A key for a new fact; later ones sort behind earlier ones."""
    return f"{shape.name[0]}-{time.time_ns() // 1_000_000:011x}{secrets.token_hex(4)}"


async def page(session: AsyncSession, shape: Shape, asked: Asked, after: str = "", limit: int = 50) -> list[Fact]:
    """Facts by descending key (what was added last comes first), those behind the key `after`."""
    key = col(shape.table.fact)
    wanted = select(key).where(*conditions(shape, asked)).group_by(key).order_by(key.desc()).limit(limit)
    if after:
        wanted = wanted.where(key < after)
    keys = list((await session.scalars(wanted)).all())
    known = await read(session, shape, keys)
    return [known[one] for one in keys if one in known]


async def count(session: AsyncSession, shape: Shape, asked: Asked | None = None) -> int:
    """How many facts there are."""
    key = col(shape.table.fact)
    distinct = select(func.count(func.distinct(key))).where(*conditions(shape, asked or Asked()))
    return await session.scalar(distinct) or 0


async def read(session: AsyncSession, shape: Shape, keys: Sequence[str]) -> dict[str, Fact]:
    """The facts with these keys, by key; those that are gone are missing."""
    return {key: _fact(shape, key, rows) for key, rows in (await _rows(session, shape, keys)).items()}


async def find(session: AsyncSession, shape: Shape, fact: str) -> Fact:
    """The fact of this key; `Impossible("fact-missing")` when there is none."""
    found = await read(session, shape, [fact])
    if fact not in found:
        raise Impossible("fact-missing", "list the facts: somebody may have deleted this one")
    return found[fact]


async def named(session: AsyncSession, shape: Shape) -> dict[tuple[str, str], str]:
    """The key of every fact by language and by its question or name."""
    table = shape.table
    asked = select(col(table.language), getattr(table, shape.said[0]), col(table.fact)).order_by(col(table.fact))
    return {(row[0], row[1]): row[2] for row in (await session.execute(asked)).all()}


async def save(
    session: AsyncSession, shape: Shape, fact: str, wanted: Mapping[str, Values | None], shown: str | None = None
) -> tuple[Fact | None, Fact | None]:
    """Write a fact's versions (None takes one away, others stay) and return what it was and what it became.

    `shown` is the mark of what the editor saw ("" : nothing), so that nobody overwrites what they have not seen.
    Raises `Impossible("fact-changed")`, and `NeedsOwner("quota-facts")` when there are too many.
    """
    before, after = await save_all(session, shape, {fact: wanted}, {} if shown is None else {fact: shown})
    return before.get(fact), after.get(fact)


async def save_all(
    session: AsyncSession,
    shape: Shape,
    wanted: Mapping[str, Mapping[str, Values | None]],
    shown: Mapping[str, str],
) -> tuple[dict[str, Fact], dict[str, Fact]]:
    """Write many facts as `save` does, in one go: all or none."""
    # First of all: whoever else changes what this tenant knows waits here until we are done.
    await changed(session)
    before = await _rows(session, shape, list(wanted))
    facts = {key: _fact(shape, key, rows) for key, rows in before.items()}
    for key, mark in shown.items():
        if mark != (facts[key].mark if key in facts else ""):
            raise Impossible("fact-changed", "somebody changed it meanwhile: look at both versions, then save again")
    for key, versions in wanted.items():
        rows = before.get(key, {})
        for language, values in _whole(shape, versions, rows).items():
            await _write(session, shape, (key, language), rows.get(language), values)
    await session.flush()
    await _room(session, shape)
    return facts, await read(session, shape, list(wanted))


async def remove(session: AsyncSession, shape: Shape, fact: str, shown: str | None = None) -> Fact:
    """Delete a fact in all its languages and return what it was; raises as `find` and `save` do."""
    await changed(session)
    gone = await find(session, shape, fact)
    if shown is not None and shown != gone.mark:
        raise Impossible("fact-changed", "somebody changed it meanwhile: look at it again before you delete it")
    await session.execute(delete(shape.table).where(col(shape.table.fact) == fact))
    return gone


async def set_available(
    session: AsyncSession, available: bool, facts: Sequence[str] | None = None, asked: Asked | None = None
) -> int:
    """Switch products on or off: those of these keys, or (None) all that are asked for; how many rows changed."""
    await changed(session)
    other = col(Product.available).is_(not available)
    if facts is None:
        keys = select(col(Product.fact)).where(*conditions(PRODUCTS, asked or Asked()))
        switched = update(Product).where(other, col(Product.fact).in_(keys))
        done: Any = await session.execute(switched.values(available=available), execution_options=_QUIETLY)
        return int(done.rowcount)
    total = 0
    for some in _batches(facts):
        switched = update(Product).where(other, col(Product.fact).in_(some)).values(available=available)
        done = await session.execute(switched, execution_options=_QUIETLY)
        total += int(done.rowcount)
    return total


async def origins(session: AsyncSession, ids: Sequence[str]) -> dict[str, Origin]:
    """Where these found passages stand, by id."""
    found: dict[str, Origin] = {}
    for shape in SHAPES.values():
        table = shape.table
        rows = select(col(table.id), col(table.fact), col(table.document_id)).where(col(table.id).in_(ids))
        found |= {row[0]: Origin(shape.name, row[1], row[2]) for row in (await session.execute(rows)).all()}
    pieces = select(col(Chunk.id), col(Chunk.document_id), col(Chunk.page)).where(col(Chunk.id).in_(ids))
    return found | {row[0]: Origin("documents", "", row[1], row[2]) for row in (await session.execute(pieces)).all()}


_QUIETLY = {"synchronize_session": False}


async def _rows(session: AsyncSession, shape: Shape, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Rows by key and language."""
    found: dict[str, dict[str, Any]] = {}
    for some in _batches(keys):
        asked = select(shape.table).where(col(shape.table.fact).in_(some)).order_by(col(shape.table.language))
        # Anew also where this session holds them: somebody may have changed them while we waited for our turn.
        rows: Sequence[Any] = (await session.scalars(asked, execution_options={"populate_existing": True})).all()
        for row in rows:
            found.setdefault(row.fact, {})[row.language] = row
    return found


def _fact(shape: Shape, key: str, rows: Mapping[str, Any]) -> Fact:
    versions = {language: {name: getattr(row, name) for name in shape.fields} for language, row in rows.items()}
    documents = [row.document_id for row in rows.values() if row.document_id]
    return Fact(key, versions, next(iter(documents), None), {language: row.id for language, row in rows.items()})


def _whole(shape: Shape, versions: Mapping[str, Values | None], rows: Mapping[str, Any]) -> dict[str, Values | None]:
    """The versions to write, with what languages share carried into those that were not given."""
    given = next((said for said in versions.values() if said), None)
    shared = {name: given[name] for name in shape.shared} if given else {}
    return {**(dict.fromkeys(rows, shared) if shared else {}), **versions}


async def _write(session: AsyncSession, shape: Shape, name: tuple[str, str], row: Any, values: Values | None) -> None:
    if values is None:
        if row is not None:
            await session.delete(row)
    elif row is None:
        session.add(shape.table(tenant_id=scope_of(session), fact=name[0], language=name[1], **values))
    else:
        for each, value in values.items():
            setattr(row, each, value)


async def _room(session: AsyncSession, shape: Shape) -> None:
    have = await session.scalar(select(func.count()).select_from(shape.table)) or 0
    if have > MOST:
        raise NeedsOwner("quota-facts", f"{have} of {MOST} rows: delete some first")


def _batches(keys: Iterable[str]) -> list[list[str]]:
    whole = list(keys)
    return [whole[start : start + _BATCH] for start in range(0, len(whole), _BATCH)]
