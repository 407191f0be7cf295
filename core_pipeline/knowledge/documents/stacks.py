"""Everything that documents need, opened and closed together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from core_pipeline.guard import guarded_client
from core_pipeline.knowledge.documents.librarian import LEASE_SECONDS, Index, Librarian, Progress
from core_pipeline.knowledge.documents.library import Library
from core_pipeline.knowledge.documents.reader import Reader
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.documents import Quota


@dataclass(frozen=True)
class Stacks:
    """The library for those who change it, and the librarian who works in the background (`librarian.run()`)."""

    db: Database
    library: Library
    librarian: Librarian


def whole_index(sync: Callable[[str, Progress], Awaitable[None]]) -> Index:
    """Index a document by bringing all of its tenant's index up to date, which costs only what has changed."""

    async def index(tenant_id: str, document_id: str, progress: Progress) -> None:
        del document_id
        await sync(tenant_id, progress)

    return index


@asynccontextmanager
async def open_stacks(
    db: Database,
    blobs: Blobs,
    index: Index,
    *,
    allow: Iterable[str] = (),
    quota: Quota | None = None,
    lease: float = LEASE_SECONDS,
) -> AsyncIterator[Stacks]:
    """Open the documents of an installation; `allow` as for the guard, `lease` in seconds.

    The sandbox starts with the first document.
    """
    reader = Reader()
    try:
        async with guarded_client(allow) as http:
            librarian = Librarian(db, blobs, reader, index, quota=quota, lease=lease)
            library = Library(db, blobs, index, http, quota=quota, ring=librarian.ring)
            yield Stacks(db, library, librarian)
    finally:
        await reader.close()
