"""The inbox: the list, a conversation beside it, and everything that a colleague does there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.responses import RedirectResponse, Response

from admin.frame.doors import Door, Nav
from admin.inbox import around, deeds, sorting
from admin.inbox.live import stream
from admin.inbox.showing import drawn_rows, drawn_thread, opened
from core_pipeline.desk import colleagues, duty
from core_pipeline.desk.files import Files, mime_of
from core_pipeline.desk.why import why
from errors import Impossible
from tenants.models import Call
from tenants.people.roles import May

if TYPE_CHECKING:
    from admin.frame.visit import Visit

# Numbers of more digits are no message's.
LONGEST = 18


async def listed(visit: Visit) -> Response:
    """The list alone, or the rest of it for a script."""
    found = await around.listed(visit)
    if visit.request.query_params.get("rest"):
        drawn = drawn_rows(visit, found.page.rows, found.names)
        return visit.json({"rows": drawn, "next": found.page.next})
    return visit.page("inbox/page.html", **around.around(visit, found, None))


async def shown(visit: Visit) -> Response:
    """A conversation beside the list; whoever may answer has now seen it."""
    conversation_id = visit.path("conversation")
    here = await opened(visit, conversation_id, _before(visit))
    if here.row.conversation.unread and visit.may(May.ANSWER):
        async with visit.work() as session:
            await duty.read(session, conversation_id)
    if "application/json" in visit.request.headers.get("accept", ""):
        return visit.json({**drawn_thread(visit, here), "before": here.thread.before})
    return visit.page("inbox/page.html", **around.around(visit, await around.listed(visit), here))


async def reasons(visit: Visit) -> Response:
    """Why the bot said something."""
    async with visit.work(reads=True) as session:
        found = await why(session, visit.request.query_params.get("turn", "").replace("\0", ""))
    return visit.page("inbox/why.html", block="why" if visit.partial else None, why=found)


async def file(visit: Visit) -> Response:
    """Send the browser to a message's file, by a link of ours that is good for an hour."""
    blob, mime = await _files(visit).find(visit.the_tenant.id, _number(visit, "message"))
    link = visit.rooms.links.media(visit.the_tenant.id, blob, mime)
    return RedirectResponse(urlsplit(link).path, 303)


async def recording(visit: Visit) -> Response:
    """Send the browser to the recording of a call."""
    async with visit.work(reads=True) as session:
        call = await session.get(Call, visit.path("call").replace("\0", ""))
    if call is None or call.recording is None:
        raise Impossible("missing", "there is no recording of this call")
    mime = mime_of(await visit.rooms.blobs.get(visit.the_tenant.id, call.recording))
    link = visit.rooms.links.media(visit.the_tenant.id, call.recording, mime)
    return RedirectResponse(urlsplit(link).path, 303)


async def wave(visit: Visit) -> Response:
    """How loud a recording is, for those that nobody has measured."""
    return visit.json({"peaks": await _files(visit).peaks(visit.the_tenant.id, _number(visit, "message"))})


def _files(visit: Visit) -> Files:
    rooms = visit.rooms
    return Files(rooms.floor.db, rooms.blobs, rooms.lines, rooms.sandbox)


def _number(visit: Visit, name: str) -> int:
    """A message's number out of the address; 0, which is none, for what no database would take."""
    text = visit.path(name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < LONGEST else 0


def _before(visit: Visit) -> int | None:
    text = visit.request.query_params.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < LONGEST else None


async def people(visit: Visit) -> Response:
    """Who may answer here, for the list to choose from."""
    able = await colleagues.able(visit.rooms.floor.db, visit.the_tenant.id)
    return visit.json({"people": [{"id": one, "name": name} for one, name in able.items()]})


_HERE = "/t/{tenant}/inbox"
_ONE = f"{_HERE}/{{conversation}}"
DOORS = (
    Door("GET", _HERE, May.SEE, listed),
    Door("GET", f"{_HERE}/stream", May.SEE, stream),
    Door("GET", f"{_HERE}/people", May.ANSWER, people),
    Door("GET", f"{_HERE}/why", May.SEE, reasons),
    Door("GET", f"{_HERE}/labels", May.ANSWER, sorting.page),
    Door("POST", f"{_HERE}/labels", May.ANSWER, sorting.save),
    Door("POST", f"{_HERE}/labels/{{label}}/delete", May.ANSWER, sorting.delete),
    Door("GET", f"{_HERE}/file/{{message}}", May.SEE, file),
    Door("GET", f"{_HERE}/call/{{call}}", May.SEE, recording),
    Door("GET", f"{_HERE}/wave/{{message}}", May.SEE, wave),
    Door("GET", _ONE, May.SEE, shown),
    Door("POST", f"{_ONE}/take", May.ANSWER, deeds.take),
    Door("POST", f"{_ONE}/hand-back", May.ANSWER, deeds.hand_back),
    Door("POST", f"{_ONE}/reply", May.ANSWER, deeds.reply),
    Door("POST", f"{_ONE}/listen", May.ANSWER, deeds.listen),
    Door("POST", f"{_ONE}/again", May.ANSWER, deeds.again),
    Door("POST", f"{_ONE}/drop", May.ANSWER, deeds.drop),
    Door("POST", f"{_ONE}/note", May.ANSWER, deeds.note),
    Door("POST", f"{_ONE}/assign", May.ANSWER, deeds.assign),
    Door("POST", f"{_ONE}/label", May.ANSWER, deeds.label),
    Door("POST", f"{_ONE}/close", May.ANSWER, deeds.close),
    Door("POST", f"{_ONE}/reopen", May.ANSWER, deeds.reopen),
    Door("POST", f"{_ONE}/read", May.ANSWER, deeds.read),
)
NAV = (Nav(1, _HERE, "Inbox", "inbox", May.SEE),)
