"""The tenant's rows as the search takes them: all of them for the index, some of them for an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

from sqlalchemy import func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core_pipeline.knowledge.entries import Entry, Extract, Ware
from core_pipeline.knowledge.pieces import Kind, Known
from tenants.db import Database
from tenants.models import Chunk, Document, Product, Tenant
from tenants.models import Entry as EntryRow

_PAGE = 1000
_ENTRIES = select(
    col(EntryRow.id),
    col(EntryRow.question),
    col(EntryRow.answer),
    col(EntryRow.language),
    col(EntryRow.alternatives),
    col(EntryRow.fact),
)
_WARES = select(
    col(Product.id),
    col(Product.name),
    col(Product.description),
    col(Product.language),
    col(Product.price),
    col(Product.currency),
    col(Product.available),
    col(Product.fact),
)
_EXTRACTS = select(
    col(Chunk.id),
    col(Chunk.text),
    col(Chunk.language),
    col(Chunk.heading),
    col(Document.title),
    col(Chunk.page),
).join(Document, col(Document.id) == col(Chunk.document_id))


def _entry(row: Any) -> Entry:
    return Entry(row.id, row.question, row.answer, row.language, tuple(row.alternatives), row.fact)


def _ware(row: Any) -> Ware:
    return Ware(*row)


def _extract(row: Any) -> Extract:
    return Extract(*row)


_SOURCES: dict[Kind, tuple[Any, Any, Callable[[Any], Known]]] = {
    Kind.ENTRY: (_ENTRIES, col(EntryRow.id), _entry),
    Kind.WARE: (_WARES, col(Product.id), _ware),
    Kind.EXTRACT: (_EXTRACTS, col(Chunk.id), _extract),
}


class Rows:
    """Reads tenants' knowledge in short units of work."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def version(self, tenant_id: str) -> int | None:
        """The number that rises with every change of the tenant's knowledge; None when there is no such tenant."""
        async with self._db.tenant(tenant_id, reads=True) as session:
            return await _version(session, tenant_id)

    async def count(self, tenant_id: str) -> int:
        """How many things the tenant's business knows."""
        async with self._db.tenant(tenant_id, reads=True) as session:
            tables = (EntryRow, Product, Chunk)
            return sum([await session.scalar(select(func.count()).select_from(table)) or 0 for table in tables])

    async def every(self, tenant_id: str) -> AsyncIterator[list[Known]]:
        """Yield all the tenant knows, a page at a time, by kind and id."""
        for asked, id_, made in _SOURCES.values():
            last = ""
            while True:
                page = asked.where(id_ > last).order_by(id_).limit(_PAGE)
                async with self._db.tenant(tenant_id, reads=True) as session:
                    rows = (await session.execute(page)).all()
                if rows:
                    yield [made(row) for row in rows]
                if len(rows) < _PAGE:
                    break
                last = rows[-1].id

    async def some(self, tenant_id: str, wanted: Iterable[tuple[str, Kind]]) -> tuple[int | None, dict[str, Known]]:
        """The version, and the things with these ids as they are now; those that are gone are missing."""
        ids: dict[Kind, list[str]] = {}
        for id_, kind in wanted:
            ids.setdefault(kind, []).append(id_)
        async with self._db.tenant(tenant_id, reads=True) as session:
            version, found = await _version(session, tenant_id), list[Known]()
            for kind, of_kind in ids.items():
                asked, id_column, made = _SOURCES[kind]
                # One equality each: asked for a list of ids, SQLite would rather read all the tenant's rows.
                each = union_all(*(asked.where(id_column == id_) for id_ in of_kind))
                found += [made(row) for row in (await session.execute(each)).all()]
        return version, {each.id: each for each in found}


async def _version(session: AsyncSession, tenant_id: str) -> int | None:
    version: int | None = await session.scalar(select(col(Tenant.knowledge_version)).where(col(Tenant.id) == tenant_id))
    return version
