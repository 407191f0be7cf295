"""A tenant's documents and what was read in them, as rows; every change of it raises `Tenant.knowledge_version`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from errors import Impossible, NeedsOwner
from tenants.db import scope_of
from tenants.models import CachedAnswer, Chunk, Document, DocumentState, Entry, Message, Product, Tenant, now

_DONE = (DocumentState.READY, DocumentState.APPROVAL, DocumentState.FAILED)


@dataclass(frozen=True)
class Quota:
    """What one tenant may have; `pieces` are chunks, questions and products together."""

    documents: int = 200
    bytes: int = 500 << 20
    pages: int = 5_000
    pieces: int = 20_000


@dataclass(frozen=True)
class Used:
    """What a tenant has."""

    documents: int
    bytes: int
    pages: int
    pieces: int


@dataclass(frozen=True)
class Summary:
    """A document without its text; `pages` says how many it has."""

    id: str
    title: str
    url: str | None
    mime: str
    size: int
    state: DocumentState
    progress: float
    mended: bool
    error: str | None
    pages: int
    updated_at: datetime


async def find(session: AsyncSession, document_id: str) -> Document:
    """Read a document; `Impossible("document-missing")` if there is none."""
    found = await session.get(Document, document_id)
    if found is None or found.tenant_id != scope_of(session):
        raise Impossible("document-missing", "list them with `cli.py knowledge list`")
    return found


async def owner(session: AsyncSession, document_id: str) -> str:
    """Name the tenant whose document this is, in a platform session; `Impossible("document-missing")` if none's."""
    found: str | None = await session.scalar(select(col(Document.tenant_id)).where(col(Document.id) == document_id))
    if found is None:
        raise Impossible("document-missing", "list them with `cli.py knowledge list`")
    return found


async def same(session: AsyncSession, *, sha256: str | None = None, url: str | None = None) -> Document | None:
    """Read the document with these bytes, or of this address, if there is one."""
    wanted = col(Document.sha256) == sha256 if sha256 is not None else col(Document.url) == url
    found: Document | None = await session.scalar(select(Document).where(wanted).order_by(col(Document.id)).limit(1))
    return found


async def listing(session: AsyncSession) -> list[Summary]:
    """Read every document without its text, newest first."""
    kept = (col(getattr(Document, name)) for name in Summary.__annotations__ if name not in {"pages", "updated_at"})
    asked = select(*kept, _page_count(), col(Document.updated_at))
    rows = await session.execute(asked.order_by(col(Document.created_at).desc(), col(Document.id)))
    return [Summary(*row) for row in rows]


def _page_count() -> Any:
    return func.coalesce(func.json_array_length(col(Document.pages)), 0)


async def used(session: AsyncSession, besides: str | None = None) -> Used:
    """Count what the tenant has; with `besides`, without that document."""
    numbers = select(
        func.count(), func.coalesce(func.sum(col(Document.size)), 0), func.coalesce(func.sum(_page_count()), 0)
    )
    documents, size, pages = (await session.execute(numbers.where(col(Document.id) != (besides or "")))).one()
    pieces = 0
    for table in (Chunk, Entry, Product):
        owner = col(table.document_id)
        mine = select(func.count()).select_from(table).where(owner.is_not(None), owner != (besides or ""))
        pieces += await session.scalar(mine) or 0
    return Used(int(documents), int(size), int(pages), pieces)


async def check(
    session: AsyncSession,
    quota: Quota,
    *,
    documents: int = 0,
    size: int = 0,
    pages: int = 0,
    pieces: int = 0,
    besides: str | None = None,
) -> None:
    """Refuse what would be too much on top of the rest: `NeedsOwner` with quota-documents, -bytes, -pages, -pieces."""
    have = await used(session, besides)
    wanted = {
        "documents": (have.documents + documents, quota.documents) if documents else (0, 0),
        "bytes": (have.bytes + size, quota.bytes) if size else (0, 0),
        "pages": (have.pages + pages, quota.pages) if pages else (0, 0),
        "pieces": (have.pieces + pieces, quota.pieces) if pieces else (0, 0),
    }
    for what, (total, most) in wanted.items():
        if total > most:
            raise NeedsOwner(f"quota-{what}", f"{total} of {most} {what}: remove a document first")


async def alone(session: AsyncSession) -> None:
    """Let no one else change the tenant's documents until the unit of work ends: what was counted stays true."""
    own = update(Tenant).where(col(Tenant.id) == scope_of(session))
    await session.execute(own.values(knowledge_version=col(Tenant.knowledge_version)))


async def add(session: AsyncSession, document: Document) -> Document:
    """Keep a new document, to be read."""
    session.add(document)
    await session.flush()
    return document


async def restart(session: AsyncSession, document: Document, **new: Any) -> str | None:
    """Have a document read again, with new values if given; return the blob that it no longer needs.

    What was read in it before stays searchable until the new text takes its place.
    """
    old = document.blob if "blob" in new and new["blob"] != document.blob else None
    again = {"state": DocumentState.QUEUED, "progress": 0.0, "error": None, "claimed_at": None, "updated_at": now()}
    for name, value in {**new, **again}.items():
        setattr(document, name, value)
    await session.flush()
    return old


async def rewrite(session: AsyncSession, document_id: str, pages: Sequence[str] | None, *, waiting: bool) -> Document:
    """Give a document's text, changed or as it is, to the search.

    Raises `Impossible` "document-not-waiting" if it must be `waiting` for approval and is not, "document-busy" while
    somebody works on it.
    """
    document = await find(session, document_id)
    if waiting and document.state != DocumentState.APPROVAL:
        raise Impossible("document-not-waiting")
    if document.state not in _DONE:
        raise Impossible("document-busy")
    document.pages = list(pages) if pages is not None else document.pages
    document.state, document.progress, document.error = DocumentState.INDEXING, 0.4, None
    document.claimed_at, document.updated_at = None, now()
    await session.flush()
    return document


async def withdraw(session: AsyncSession, document_id: str) -> list[str]:
    """Take what was read in a document out of the search; return the blobs to delete before `forget`.

    The answers given before go too: any of them may repeat it. A recording that a message still holds stays.
    """
    document = await find(session, document_id)
    document.claimed_at, document.state, document.pages = None, DocumentState.FAILED, []
    await _clear(session, document_id)
    sent = select(col(Message.blob)).where(col(Message.blob).is_not(None))
    kept = col(CachedAnswer.blob).is_(None) | col(CachedAnswer.blob).in_(sent)
    await session.execute(delete(CachedAnswer).where(kept))
    recordings = (await session.scalars(select(col(CachedAnswer.blob)))).all()
    return [blob for blob in (*recordings, document.blob) if blob]


async def forget(session: AsyncSession, document_id: str, before: datetime) -> None:
    """Remove the last rows of a document withdrawn at `before`."""
    await session.execute(delete(CachedAnswer).where(col(CachedAnswer.created_at) <= before))
    await _clear(session, document_id)
    await session.execute(delete(Document).where(col(Document.id) == document_id))


async def _clear(session: AsyncSession, document_id: str) -> None:
    for table in (Chunk, Entry, Product):
        await session.execute(delete(table).where(col(table.document_id) == document_id))
    await changed(session)


async def changed(session: AsyncSession) -> None:
    """Raise the tenant's knowledge version: every index and every kept answer is out of date."""
    await session.flush()
    own = update(Tenant).where(col(Tenant.id) == scope_of(session))
    await session.execute(own.values(knowledge_version=col(Tenant.knowledge_version) + 1))
