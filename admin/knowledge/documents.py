"""The documents of a business: how far each is, and ways to add more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.datastructures import UploadFile

from admin.frame.guard import refusal
from admin.knowledge.saying import why
from core_pipeline.knowledge.documents.faults import sentence
from core_pipeline.knowledge.documents.reader import MAX_BYTES
from core_pipeline.telling import status_of
from errors import Impossible, SawtakError
from tenants.models import DocumentState

if TYPE_CHECKING:
    from starlette.responses import Response

    from admin.frame.visit import Visit
    from tenants.models import Document

BUSY = (DocumentState.QUEUED, DocumentState.PARSING, DocumentState.INDEXING)
MOST_FILES = 10
STATE_TITLES = {
    DocumentState.QUEUED: "Waiting",
    DocumentState.PARSING: "Being read",
    DocumentState.APPROVAL: "Waits for your approval",
    DocumentState.INDEXING: "Being taken into the search",
    DocumentState.READY: "Ready",
    DocumentState.FAILED: "Failed",
}
TONES = {DocumentState.APPROVAL: "warn", DocumentState.READY: "good", DocumentState.FAILED: "bad"}
STATES = {state: (title, TONES.get(state, "quiet")) for state, title in STATE_TITLES.items()}
ACCEPTED = ".pdf,.docx,.xlsx,.csv,.html,.htm,.txt,.md"


async def listed(visit: Visit) -> Response:
    """All documents, with what is left of the quota."""
    return await page(visit)


async def rows(visit: Visit) -> Response:
    """The list of documents alone, which looks again by itself while any is being worked on."""
    return visit.page("knowledge/documents.html", block="rows" if visit.partial else None, **await _given(visit))


async def page(visit: Visit, status: int = 200, **given: Any) -> Response:
    """The page of documents."""
    return visit.page("knowledge/documents.html", status=status, **{**await _given(visit), **given})


async def uploaded(visit: Visit) -> Response:
    """Take in files; to a script each by itself."""
    if int(visit.request.headers.get("content-length") or 0) > MOST_FILES * MAX_BYTES:
        return refusal(visit, 413, "document-too-large")
    form = await visit.form()
    files = [one for one in form.getlist("file") if isinstance(one, UploadFile) and one.filename][:MOST_FILES]
    try:
        if not files:
            raise Impossible("document-empty")
        for one in files:
            document = await visit.rooms.stacks.library.add_file(
                visit.the_tenant.id, one.filename or "", await one.read()
            )
            await note(visit, "add", document)
    except SawtakError as error:
        return await _failed(visit, error, "upload_error")
    if "application/json" in visit.request.headers.get("accept", ""):
        return visit.json({"said": visit._("Uploaded.")})
    return visit.go("/knowledge", "Uploaded.")


async def linked(visit: Visit) -> Response:
    """Take in a page of the web."""
    url = (await visit.fields()).get("url", "").replace("\0", "")[:2000]
    try:
        if not urlsplit(url).netloc or not url.startswith(("http://", "https://")):
            raise Impossible("url-forbidden")
        document = await visit.rooms.stacks.library.add_url(visit.the_tenant.id, url)
    except ValueError:
        return await _failed(visit, Impossible("url-forbidden"), "url_error", url=url)
    except SawtakError as error:
        return await _failed(visit, error, "url_error", url=url)
    await note(visit, "add", document)
    return visit.go("/knowledge", "Added. It is being read now.")


async def note(visit: Visit, deed: str, document: Document) -> None:
    """Write into the audit what was done to a document."""
    async with visit.work() as session:
        after = {"title": document.title, "url": document.url, "size": document.size}
        visit.note(session, f"knowledge.document.{deed}", document.id, after=after)


async def _failed(visit: Visit, error: SawtakError, field: str, **typed: str) -> Response:
    if "application/json" in visit.request.headers.get("accept", ""):
        return visit.json({"code": error.code, "error": why(visit, error)}, status_of(error))
    return await page(visit, status_of(error), **{field: why(visit, error)}, **typed)


async def _given(visit: Visit) -> dict[str, Any]:
    library = visit.rooms.stacks.library
    found = await library.listing(visit.the_tenant.id)
    used = await library.used(visit.the_tenant.id)
    faults = {
        one.id: sentence(one.error, "ar" if visit.language == "ar" else "en") for one in found if one.error is not None
    }
    return {
        "documents": found,
        "busy": any(one.state in BUSY for one in found),
        "used": used,
        "quota": library.quota,
        "faults": faults,
        "states": STATES,
        "accepted": ACCEPTED,
        "most_files": MOST_FILES,
        "upload_error": "",
        "url_error": "",
        "url": "",
    }
