"""One document: what was read in it, page by page, and what can be done with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.datastructures import UploadFile

from admin.frame.guard import refusal
from admin.knowledge.documents import ACCEPTED, BUSY, MOST_FILES, STATES, note
from admin.knowledge.saying import why
from core_pipeline.arabic.language import detect
from core_pipeline.knowledge.documents.blocks import Heading, Item, Table
from core_pipeline.knowledge.documents.faults import sentence
from core_pipeline.knowledge.documents.preview import correct, view
from core_pipeline.knowledge.documents.reader import MAX_BYTES
from core_pipeline.telling import status_of
from errors import Impossible, SawtakError
from tenants import facts
from tenants.models import DocumentState

if TYPE_CHECKING:
    from starlette.responses import Response

    from admin.frame.visit import Visit
    from core_pipeline.knowledge.documents.blocks import Block

DEED_SAID = {"approve": "Approved. It is being taken into the search now.", "refresh": "Fetched again."}
_ID = re.compile(r"[0-9a-f]{32}")


async def shown(visit: Visit) -> Response:
    """A page of what was read in the document."""
    return await _page(visit)


async def corrected(visit: Visit) -> Response:
    """Put a page's text right."""
    fields, document_id = await visit.fields(), _id(visit)
    number = _number(fields.get("page", ""))
    try:
        async with visit.work() as session:
            await correct(session, document_id, number, fields.get("text", ""), fields.get("shown", ""))
            visit.note(session, "knowledge.document.correct", document_id, after={"page": number})
    except SawtakError as error:
        return await _page(
            visit, status_of(error), number=number, typed=fields.get("text", ""), error=why(visit, error)
        )
    return visit.go(f"/knowledge/documents/{document_id}?page={number}", "Saved.")


async def approved(visit: Visit) -> Response:
    """Let the bot use a text that was put right."""
    return await _done(visit, "approve")


async def refreshed(visit: Visit) -> Response:
    """Fetch a web page anew."""
    return await _done(visit, "refresh")


async def removed(visit: Visit) -> Response:
    """Remove a document with every trace of it."""
    library, document_id = visit.rooms.stacks.library, _id(visit)
    document = await library.get(visit.the_tenant.id, document_id)
    await library.remove(visit.the_tenant.id, document_id)
    await note(visit, "remove", document)
    return visit.go("/knowledge", "Removed.")


async def replaced(visit: Visit) -> Response:
    """Give a document another file."""
    if int(visit.request.headers.get("content-length") or 0) > MOST_FILES * MAX_BYTES:
        return refusal(visit, 413, "document-too-large")
    document_id, file = _id(visit), (await visit.form()).get("file")
    try:
        if not isinstance(file, UploadFile) or not file.filename:
            raise Impossible("document-empty")
        library = visit.rooms.stacks.library
        document = await library.replace(visit.the_tenant.id, document_id, file.filename, await file.read())
    except SawtakError as error:
        return await _page(visit, status_of(error), replace_error=why(visit, error))
    await note(visit, "replace", document)
    return visit.go(f"/knowledge/documents/{document_id}", "Replaced. The old text answers until the new one is ready.")


async def _done(visit: Visit, deed: str) -> Response:
    library, document_id = visit.rooms.stacks.library, _id(visit)
    try:
        await getattr(library, deed)(visit.the_tenant.id, document_id)
    except SawtakError as error:
        return await _page(visit, status_of(error), error=why(visit, error))
    await note(visit, deed, await library.get(visit.the_tenant.id, document_id))
    return visit.go(f"/knowledge/documents/{document_id}", DEED_SAID[deed])


async def _page(
    visit: Visit,
    status: int = 200,
    *,
    number: int = 0,
    typed: str | None = None,
    error: str = "",
    replace_error: str = "",
) -> Response:
    document = await visit.rooms.stacks.library.get(visit.the_tenant.id, _id(visit))
    query = visit.request.query_params
    async with visit.work(reads=True) as session:
        asked = facts.Asked(document=document.id)
        made = {shape.name: await facts.count(session, shape, asked) for shape in (facts.ENTRIES, facts.PRODUCTS)}
    seen = view(document.pages, number or _number(query.get("page", "")), _number(query.get("part", "")))
    return visit.page(
        "knowledge/document.html",
        status=status,
        document=document,
        made=made,
        view=seen,
        kind_of=_kind,
        direction_of=_direction,
        typed=seen.markup if typed is None else typed,
        error=error,
        replace_error=replace_error,
        fault=sentence(document.error, "ar" if visit.language == "ar" else "en") if document.error else "",
        states=STATES,
        accepted=ACCEPTED,
        waits=document.state == DocumentState.APPROVAL,
        busy=document.state in BUSY,
    )


def _id(visit: Visit) -> str:
    """The document that the address names; one that can't be any is not looked for."""
    given = visit.path("document")
    if not _ID.fullmatch(given):
        raise Impossible("document-missing")
    return given


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _direction(table: Table) -> str:
    """From which side a table is read: by its words, for most cells of a price list are figures."""
    return "ltr" if detect(" ".join(cell for row in table.rows[:5] for cell in row)) == "en" else "rtl"


def _kind(block: Block) -> str:
    kinds = {Heading: "heading", Item: "item", Table: "table"}
    return kinds.get(type(block), "paragraph")
