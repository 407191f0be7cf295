"""What a colleague does in a conversation: take over, answer, hand back, note, assign, label, close."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.datastructures import UploadFile
from starlette.responses import Response

from admin.inbox.around import around, listed
from admin.inbox.showing import drawn_thread, opened
from admin.inbox.words import fault
from core_pipeline.desk import colleagues, duty, labels
from core_pipeline.desk.reception import MOST_SOUND, Draft, Reception
from core_pipeline.engines.router import For
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.telling import status_of
from core_pipeline.tryout import Stand, rehearsed
from core_pipeline.tryout.listening import MIME
from errors import SawtakError
from tenants.people.roles import May

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from admin.frame.visit import Visit

    Deed = Callable[[Visit, AsyncSession, str], Awaitable[object]]

QUERY = "query"
# Numbers of more digits are no message's.
LONGEST = 18


async def take(visit: Visit) -> Response:
    """Answer instead of the bot; an editor may take it from a colleague."""

    async def work() -> None:
        over = (await visit.fields()).get("over") == "yes" and visit.may(May.EDIT)
        async with visit.work() as session:
            await duty.take(session, visit.actor, visit.path("conversation"), over=over)

    return await done(visit, work)


async def hand_back(visit: Visit) -> Response:
    """Let the bot answer again, at once what was asked last where that is wished."""

    async def work() -> None:
        answer = (await visit.fields()).get("answer") == "yes"
        tenant_id, one = visit.the_tenant.id, visit.path("conversation")
        await desk(visit).hand_back(tenant_id, visit.actor, one, answer=answer, over=visit.may(May.EDIT))

    return await done(visit, work)


async def reply(visit: Visit) -> Response:
    """Answer the customer: typed, spoken by the bot's voice, or recorded."""
    fields = await visit.fields()

    async def work() -> None:
        recorded = (await visit.form()).get("recording")
        sound = await recorded.read(MOST_SOUND + 1) if isinstance(recorded, UploadFile) and recorded.size else None
        draft = Draft(
            nonce=fields.get("nonce", ""),
            text=fields.get("text", ""),
            spoken=fields.get("spoken") == "yes",
            sound=sound,
            saw=_number(fields.get("saw", "")),
        )
        await desk(visit).reply(visit.the_tenant.id, visit.actor, visit.path("conversation"), draft)

    return await done(visit, work, typed=fields.get("text", ""), nonce=fields.get("nonce", ""))


async def listen(visit: Visit) -> Response:
    """How the bot's voice will say what is typed; nothing is sent."""
    rooms, text = visit.rooms, (await visit.fields()).get("text", "")
    stand = Stand(rooms.floor.db, rooms.blobs, rooms.engines, rooms.shelf, rooms.gate, rooms.sandbox, rooms.making)
    order = For(Ledger(), visit.the_tenant.id)
    heard = await rehearsed(stand, order, visit.actor, visit.path("conversation"), text)
    return Response(heard.sound, media_type=MIME, headers={"Cache-Control": "no-store"})


async def again(visit: Visit) -> Response:
    """Send a reply that came to nothing."""

    async def work() -> None:
        order = _number((await visit.fields()).get("order", ""))
        await desk(visit).again(visit.the_tenant.id, visit.actor, order or 0)

    return await done(visit, work)


async def drop(visit: Visit) -> Response:
    """Forget a reply that came to nothing."""

    async def work() -> None:
        order = _number((await visit.fields()).get("order", ""))
        await desk(visit).drop(visit.the_tenant.id, visit.actor, order or 0)

    return await done(visit, work)


async def note(visit: Visit) -> Response:
    """Leave a note for colleagues."""
    text = (await visit.fields()).get("note", "")
    return await _in_unit(visit, lambda who, session, one: labels.note(session, who.actor, one, text))


async def assign(visit: Visit) -> Response:
    """Make a colleague responsible."""

    async def work() -> None:
        agent = (await visit.fields()).get("agent") or None
        await desk(visit).assign(visit.the_tenant.id, visit.actor, visit.path("conversation"), agent)

    return await done(visit, work)


async def label(visit: Visit) -> Response:
    """Put a label on the conversation, or take it off."""
    fields = await visit.fields()
    change = labels.take_off if fields.get("off") == "yes" else labels.put
    chosen = fields.get("label", "").replace("\0", "")
    return await _in_unit(visit, lambda who, session, one: change(session, who.actor, one, chosen))


async def close(visit: Visit) -> Response:
    """Call the conversation settled."""
    return await _in_unit(visit, lambda who, session, one: duty.close(session, who.actor, one))


async def reopen(visit: Visit) -> Response:
    """Take the conversation up again."""
    return await _in_unit(visit, lambda who, session, one: duty.reopen(session, who.actor, one))


async def read(visit: Visit) -> Response:
    """Note that everything in it was seen."""
    async with visit.work() as session:
        await duty.read(session, visit.path("conversation"))
    return visit.json({"read": True})


def desk(visit: Visit) -> Reception:
    """Where replies are handed in."""
    rooms = visit.rooms
    return Reception(rooms.floor.db, rooms.blobs, rooms.inbox, rooms.lines)


async def _in_unit(visit: Visit, deed: Deed) -> Response:
    async def work() -> None:
        async with visit.work() as session:
            await deed(visit, session, visit.path("conversation"))

    return await done(visit, work)


async def done(visit: Visit, work: Callable[[], Awaitable[None]], *, typed: str = "", nonce: str = "") -> Response:
    """Do it; a script gets the conversation as it is then, or what went wrong; a browser without one the page."""
    scripted = "application/json" in visit.request.headers.get("accept", "")
    words, status = "", 200
    try:
        await work()
    except duty.HeldError as error:
        who = (await colleagues.names(visit.rooms.floor.db, [error.agent_id]))[error.agent_id]
        words, status = f"{fault(visit, error)} ({who})", status_of(error)
    except SawtakError as error:
        words, status = fault(visit, error), status_of(error)
    here = await opened(visit, visit.path("conversation"))
    if scripted:
        thread = drawn_thread(visit, here)
        return visit.json({"thread": thread, "nonce": uuid4().hex, **({"error": words} if words else {})}, status)
    if not words:
        query = visit.request.query_params.get(QUERY, "")
        return visit.go(f"/inbox/{here.row.conversation.id}?{query}".rstrip("?"))
    found = await listed(visit)
    given = {**around(visit, found, here), "fault": words, "typed": typed, "nonce": nonce or uuid4().hex}
    return visit.page("inbox/page.html", status=status, **given)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < LONGEST else None
