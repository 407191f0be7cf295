"""Documents at work in one process: real rows, real blobs, the real reading without its sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update
from sqlmodel import SQLModel, col

from core_pipeline.guard import guarded_client
from core_pipeline.knowledge.documents import trade
from core_pipeline.knowledge.documents.librarian import Librarian, Progress
from core_pipeline.knowledge.documents.library import Library
from core_pipeline.knowledge.documents.reader import Reader
from core_pipeline.knowledge.documents.reading import Reading
from core_pipeline.media.wire import Refused
from errors import Impossible, SawtakError
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.documents import Quota
from tenants.models import Chunk, Document, Entry, Product, Tenant, now


class Straight(Reader):
    """Reads in this process, so that a test that is not about the sandbox need not start one."""

    async def read(self, data: bytes, name: str = "", *, max_pages: int = 100) -> Reading:
        try:
            return trade.read(data, Path(name).suffix.lstrip("."), max_pages, 1_000_000)
        except Refused as refused:
            raise Impossible(refused.code) from None


@dataclass
class Search:
    """What the search would do: notes what it is told, and the rows that are there at that moment."""

    db: Database
    told: list[tuple[str, str, int]] = field(default_factory=list)
    trouble: SawtakError | None = None

    async def index(self, tenant_id: str, document_id: str, progress: Progress) -> None:
        if self.trouble is not None:
            raise self.trouble
        await progress(0.5)
        self.told.append((tenant_id, document_id, len(await rows(self.db, Chunk, document_id))))
        await progress(1.0)


@dataclass
class Plant:
    """One installation."""

    db: Database
    blobs: Blobs
    folder: Path
    search: Search
    library: Library
    librarian: Librarian

    async def settle(self) -> None:
        """Work until no document waits."""
        while await self.librarian.once():
            pass

    async def state(self, document: Document) -> Document:
        """The document as it is now."""
        return await self.library.get(document.tenant_id, document.id)

    async def version(self, tenant: Tenant) -> int:
        """The tenant's knowledge version."""
        async with self.db.platform(reads=True) as session:
            return await session.scalar(select(col(Tenant.knowledge_version)).where(col(Tenant.id) == tenant.id)) or 0

    def files(self) -> list[Path]:
        """Every blob."""
        return [path for path in self.folder.rglob("*") if path.is_file()]

    async def age(self, document: Document, seconds: float) -> None:
        """Let the last sign of life on a document lie so long ago."""
        async with self.db.platform() as session:
            late = {"claimed_at": now() - timedelta(seconds=seconds)}
            await session.execute(update(Document).where(col(Document.id) == document.id).values(**late))


@asynccontextmanager
async def planted(
    db: Database, folder: Path, *, quota: Quota | None = None, allow: Iterable[str] = ()
) -> AsyncIterator[Plant]:
    """Documents on this database, with blobs in this folder; `allow` as for the guard."""
    blobs, search = Blobs(f"file://{folder}"), Search(db)
    async with guarded_client(allow) as http:
        librarian = Librarian(db, blobs, Straight(), search.index, quota=quota, lease=5.0, poll=0.05)
        library = Library(db, blobs, search.index, http, quota=quota, ring=librarian.ring)
        yield Plant(db, blobs, folder, search, library, librarian)


async def rows(db: Database, table: type[Chunk | Entry | Product], document_id: str) -> list[SQLModel]:
    """The rows of a document, in a fixed order."""
    async with db.platform(reads=True) as session:
        asked = select(table).where(col(table.document_id) == document_id).order_by(col(table.id))
        return list((await session.scalars(asked)).all())
