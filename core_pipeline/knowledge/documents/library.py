"""A tenant's shelf of documents from outside: put in, look, approve, change, take away."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import PurePath
from urllib.parse import unquote, urlsplit

from core_pipeline.guard import Fetched, GuardedClient, fetch
from core_pipeline.knowledge.documents.librarian import Index
from core_pipeline.knowledge.documents.mending.letters import tidy
from core_pipeline.knowledge.documents.reader import MAX_BYTES
from core_pipeline.knowledge.documents.reading import MIMES
from errors import Impossible
from tenants import documents as rows
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.documents import Quota, Summary, Used
from tenants.models import Document, DocumentState, now

FETCH_SECONDS = 20.0
KINDS = (
    *("text/*", "application/xhtml+xml", "application/csv", "application/octet-stream"),
    *(mime for mime in MIMES.values() if mime.startswith("application/")),
)
_BLOBS = "documents"
_UNKNOWN = "application/octet-stream"
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,5}")
_LONGEST_TITLE = 200


class Library:
    """Every change of a tenant's documents; `index` as for the `Librarian`, `ring` is called when one waits for it."""

    def __init__(
        self,
        db: Database,
        blobs: Blobs,
        index: Index,
        http: GuardedClient,
        *,
        quota: Quota | None = None,
        ring: Callable[[], None] = lambda: None,
    ) -> None:
        self._db = db
        self._blobs = blobs
        self._index = index
        self._http = http
        self._ring = ring
        self.quota = quota or Quota()

    async def add_file(self, tenant_id: str, name: str, data: bytes) -> Document:
        """Take in a file; the same bytes again give the document that is there already.

        Raises `NeedsOwner` quota-…, `Impossible` document-empty or document-too-large.
        """
        return await self._add(tenant_id, name, data, None)

    async def add_url(self, tenant_id: str, url: str) -> Document:
        """Fetch a page and take it in; one that is there already is fetched anew. Raises as `guard.fetch` does, too."""
        async with self._db.tenant(tenant_id, reads=True) as session:
            known = await rows.same(session, url=url)
        if known is not None:
            await self.refresh(tenant_id, known.id)
            return await self.get(tenant_id, known.id)
        page = await self._fetch(url)
        return await self._add(tenant_id, _name_of(page), page.body, url)

    async def replace(self, tenant_id: str, document_id: str, name: str, data: bytes) -> Document:
        """Give a document new bytes; the old text stays searchable until the new one is ready."""
        return await self._replace(tenant_id, document_id, data, title=_title(name), name=name, url=None)

    async def refresh(self, tenant_id: str, document_id: str) -> bool:
        """Fetch a document's address again; False when it says what it said. `Impossible` document-no-address."""
        document = await self.get(tenant_id, document_id)
        if document.url is None:
            raise Impossible("document-no-address")
        page = await self._fetch(document.url)
        if sha256(page.body).hexdigest() == document.sha256 and document.state != DocumentState.FAILED:
            return False
        await self._replace(tenant_id, document_id, page.body, title=None, name=_name_of(page), url=document.url)
        return True

    async def approve(self, tenant_id: str, document_id: str, pages: Sequence[str] | None = None) -> None:
        """Let the search have a mended text, corrected if `pages` are given; `Impossible` document-not-waiting."""
        await self._rewrite(tenant_id, document_id, pages, waiting=True)

    async def edit(self, tenant_id: str, document_id: str, pages: Sequence[str]) -> None:
        """Give a document another text; `Impossible` document-busy while somebody works on it."""
        await self._rewrite(tenant_id, document_id, pages, waiting=False)

    async def get(self, tenant_id: str, document_id: str) -> Document:
        """Read a document with its pages; `Impossible` document-missing."""
        async with self._db.tenant(tenant_id, reads=True) as session:
            return await rows.find(session, document_id)

    async def listing(self, tenant_id: str) -> list[Summary]:
        """List the tenant's documents, newest first."""
        async with self._db.tenant(tenant_id, reads=True) as session:
            return await rows.listing(session)

    async def used(self, tenant_id: str) -> Used:
        """Count what the tenant has of its quota."""
        async with self._db.tenant(tenant_id, reads=True) as session:
            return await rows.used(session)

    async def remove(self, tenant_id: str, document_id: str) -> None:
        """Remove a document with every trace of it; after a crash half-way it is still listed, and removed again.

        What was said to customers stays in their conversations.
        """
        moment = now()
        async with self._db.tenant(tenant_id) as session:
            blobs = await rows.withdraw(session, document_id)
        for blob in blobs:
            await self._blobs.delete(tenant_id, blob)
        await self._index(tenant_id, document_id, _unheard)
        async with self._db.tenant(tenant_id) as session:
            await rows.forget(session, document_id, moment)

    async def _fetch(self, url: str) -> Fetched:
        return await fetch(self._http, url, limit=MAX_BYTES, timeout=FETCH_SECONDS, kinds=KINDS)

    async def _add(self, tenant_id: str, name: str, data: bytes, url: str | None) -> Document:
        digest = _digest(data)
        async with self._db.tenant(tenant_id, reads=True) as session:
            known = await rows.same(session, sha256=digest)
            if known is None:
                await rows.check(session, self.quota, documents=1, size=len(data))
        if known is not None:
            return await self._again(tenant_id, known)
        blob = await self._blobs.put(tenant_id, _BLOBS, data, _suffix(name))
        made = Document(
            tenant_id=tenant_id, title=_title(name), url=url, mime=_UNKNOWN, blob=blob, sha256=digest, size=len(data)
        )
        try:
            async with self._db.tenant(tenant_id) as session:
                await rows.alone(session)
                kept = await rows.same(session, sha256=digest)
                if kept is None:
                    await rows.check(session, self.quota, documents=1, size=len(data))
                    kept = await rows.add(session, made)
        except BaseException:
            await self._blobs.delete(tenant_id, blob)
            raise
        if kept.blob != blob:
            await self._blobs.delete(tenant_id, blob)
        self._ring()
        return kept

    async def _again(self, tenant_id: str, known: Document) -> Document:
        """The same bytes once more: one that failed gets another chance."""
        if known.state == DocumentState.FAILED:
            async with self._db.tenant(tenant_id) as session:
                known = await rows.find(session, known.id)
                await rows.restart(session, known)
            self._ring()
        return known

    async def _replace(
        self, tenant_id: str, document_id: str, data: bytes, *, title: str | None, name: str, url: str | None
    ) -> Document:
        digest = _digest(data)
        blob = await self._blobs.put(tenant_id, _BLOBS, data, _suffix(name))
        try:
            async with self._db.tenant(tenant_id) as session:
                await rows.alone(session)
                document = await rows.find(session, document_id)
                twin = await rows.same(session, sha256=digest)
                if twin is not None and twin.id != document_id:
                    raise Impossible("document-exists", twin.id)
                await rows.check(session, self.quota, size=len(data), besides=document_id)
                new = {"blob": blob, "sha256": digest, "size": len(data), "url": url, "title": title or document.title}
                old = await rows.restart(session, document, **new)
        except BaseException:
            await self._blobs.delete(tenant_id, blob)
            raise
        if old is not None:
            await self._blobs.delete(tenant_id, old)
        self._ring()
        return document

    async def _rewrite(self, tenant_id: str, document_id: str, pages: Sequence[str] | None, *, waiting: bool) -> None:
        clean = None if pages is None else [page.replace("\0", "") for page in pages]
        async with self._db.tenant(tenant_id) as session:
            await rows.rewrite(session, document_id, clean, waiting=waiting)
        self._ring()


def _digest(data: bytes) -> str:
    if not data:
        raise Impossible("document-empty")
    if len(data) > MAX_BYTES:
        raise Impossible("document-too-large", f"at most {MAX_BYTES} bytes")
    return sha256(data).hexdigest()


def _suffix(name: str) -> str:
    found = PurePath(name).suffix.lower()
    return found if _SUFFIX.fullmatch(found) else ""


def _title(name: str) -> str:
    return tidy(PurePath(name).stem.replace("_", " "))[:_LONGEST_TITLE] or "document"


def _name_of(page: Fetched) -> str:
    """A name for what was fetched: the last part of its address, else its host."""
    parts = urlsplit(page.url)
    name = PurePath(unquote(parts.path)).name or (parts.hostname or "page").replace(".", "-")
    known = {mime: kind for kind, mime in MIMES.items()}
    return name if _SUFFIX.fullmatch(PurePath(name).suffix) else f"{name}.{known.get(page.mime, 'html')}"


async def _unheard(done: float) -> None:
    del done
