"""A business's documents: uploaded, looked through, approved, removed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, File, Path, Query, UploadFile
from starlette.responses import Response

from core_pipeline.knowledge.documents.preview import correct, mark_of
from errors import Impossible
from tenants import audit
from tenants.audit import Actor
from webhooks.api import known, schemas
from webhooks.api.access import Caller, allowed

if TYPE_CHECKING:
    from fastapi import FastAPI

    from core_pipeline.knowledge.documents.library import Library
    from tenants.models import Document
    from webhooks.api.desk import Desk

Keeper = Annotated[Caller, Depends(allowed("knowledge", secret=True))]
DocumentId = Annotated[str, Path(pattern=schemas.ID)]


@dataclass(frozen=True)
class Papers:
    """The routes about documents; there are none where nobody takes documents in."""

    desk: Desk

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        if self.desk.needs.library is None:
            return
        path, one = "/knowledge/documents", known.DocumentRow
        app.add_api_route(path, self.listed, methods=["GET"], response_model=known.DocumentPage)
        app.add_api_route(path, self.uploaded, methods=["POST"], response_model=one, status_code=202)
        app.add_api_route(f"{path}/link", self.linked, methods=["POST"], response_model=one, status_code=202)
        app.add_api_route(f"{path}/{{document_id}}", self.read, methods=["GET"], response_model=known.DocumentText)
        own = f"{path}/{{document_id}}"
        app.add_api_route(f"{own}/approve", self.approved, methods=["POST"], response_model=one, status_code=202)
        app.add_api_route(f"{own}/refresh", self.refreshed, methods=["POST"], response_model=one, status_code=202)
        app.add_api_route(f"{own}/file", self.replaced, methods=["PUT"], response_model=one, status_code=202)
        app.add_api_route(f"{own}/text", self.corrected, methods=["PUT"], response_model=known.DocumentText)
        app.add_api_route(own, self.removed, methods=["DELETE"], status_code=204)

    async def listed(self, caller: Keeper) -> known.DocumentPage:
        """List the documents, and how much of the quota is used."""
        rows = [known.DocumentRow(**asdict(one)) for one in await self._library.listing(caller.tenant_id)]
        used = asdict(await self._library.used(caller.tenant_id))
        return known.DocumentPage(documents=rows, used=used, quota=asdict(self._library.quota))

    async def uploaded(self, caller: Keeper, file: Annotated[UploadFile, File()]) -> known.DocumentRow:
        """Take in a file; it is read behind the scenes: its `state` tells how far it is."""
        document = await self._library.add_file(caller.tenant_id, file.filename or "document", await file.read())
        return await self._noted(caller, "add", document)

    async def linked(self, caller: Keeper, asked: known.Link) -> known.DocumentRow:
        """Take in a page of the web; one that is there already is fetched anew."""
        try:
            document = await self._library.add_url(caller.tenant_id, asked.url.replace("\0", ""))
        except ValueError:
            raise Impossible("url-forbidden") from None
        return await self._noted(caller, "add", document)

    async def read(
        self, caller: Keeper, document_id: DocumentId, page: Annotated[int, Query(ge=1, le=100_000)] = 1
    ) -> known.DocumentText:
        """Read a page of what was read in a document."""
        document = await self._library.get(caller.tenant_id, document_id)
        if page > max(len(document.pages), 1):
            raise Impossible("document-page")
        return _text(document, page)

    async def approved(self, caller: Keeper, document_id: DocumentId) -> known.DocumentRow:
        """Let the bot use a text that was put right."""
        await self._library.approve(caller.tenant_id, document_id)
        return await self._noted(caller, "approve", await self._library.get(caller.tenant_id, document_id))

    async def refreshed(self, caller: Keeper, document_id: DocumentId) -> known.DocumentRow:
        """Fetch a page of the web again; what it said goes on answering until the new text is ready."""
        await self._library.refresh(caller.tenant_id, document_id)
        return await self._noted(caller, "refresh", await self._library.get(caller.tenant_id, document_id))

    async def replaced(
        self, caller: Keeper, document_id: DocumentId, file: Annotated[UploadFile, File()]
    ) -> known.DocumentRow:
        """Give a document another file; its old text goes on answering until the new one is ready."""
        name, data = file.filename or "document", await file.read()
        return await self._noted(
            caller, "replace", await self._library.replace(caller.tenant_id, document_id, name, data)
        )

    async def corrected(
        self, caller: Keeper, document_id: DocumentId, asked: known.DocumentCorrection
    ) -> known.DocumentText:
        """Put the text of a page right; `mark` is that of the text that was read."""
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            await correct(session, document_id, asked.page, asked.text, asked.mark)
            noted = {"page": asked.page}
            audit.record(session, Actor(f"api:{caller.id}"), "knowledge.document.correct", document_id, after=noted)
        return _text(await self._library.get(caller.tenant_id, document_id), asked.page)

    async def removed(self, caller: Keeper, document_id: DocumentId) -> Response:
        """Remove a document with every trace of it."""
        document = await self._library.get(caller.tenant_id, document_id)
        await self._library.remove(caller.tenant_id, document_id)
        await self._noted(caller, "remove", document)
        return Response(status_code=204)

    @property
    def _library(self) -> Library:
        library = self.desk.needs.library
        assert library is not None  # noqa: S101 - the routes are there only then
        return library

    async def _noted(self, caller: Caller, deed: str, document: Document) -> known.DocumentRow:
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            after = {"title": document.title, "url": document.url, "size": document.size}
            audit.record(session, Actor(f"api:{caller.id}"), f"knowledge.document.{deed}", document.id, after=after)
        told = {name: getattr(document, name) for name in known.DocumentRow.model_fields if name != "pages"}
        return known.DocumentRow(**told, pages=len(document.pages))


def _text(document: Document, page: int) -> known.DocumentText:
    text = document.pages[page - 1] if document.pages else ""
    return known.DocumentText(id=document.id, page=page, pages=len(document.pages), text=text, mark=mark_of(text))
