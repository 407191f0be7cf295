"""The stages that send: never twice where the vendor lets us know, never silently."""

from __future__ import annotations

import asyncio
from textwrap import wrap
from time import monotonic
from typing import TYPE_CHECKING, Any

from core_pipeline.contracts.messages import Reply, ReplyKind
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.history import orders, outgoing, turns
from core_pipeline.media.film.fit import poster
from core_pipeline.notices import happenings
from core_pipeline.thinking.variables import policy_of
from core_pipeline.thinking.words import phrase
from errors import Impossible, NeedsOwner, Retryable
from tenants.models import Conversation, Message, Tenant, TurnState
from tenants.policy import Policy

_POSTER_SECONDS = 0.5
_POSTER_SIDE = 320

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core_pipeline.turns.deps import Deps, Here, Line


async def send_voice(deps: Deps, here: Here, text: str, spoken: dict[str, Any]) -> dict[str, Any]:
    """Send the spoken answer as a voice note."""
    data = await deps.blobs.get(here.tenant_id, spoken["blob"])
    reply = Reply(
        kind=ReplyKind.VOICE,
        key=f"{here.turn_id}:voice",
        address=await address_of(deps, here),
        text=text,
        data=data,
        mime=spoken["mime"],
        seconds=spoken["seconds"],
        url=_linked(deps, here, spoken),
    )
    return await _once(deps, here, reply, blob=spoken["blob"], peaks=spoken.get("peaks"))


async def send_video(deps: Deps, here: Here, text: str, film: dict[str, Any]) -> dict[str, Any]:
    """Send the answer's film."""
    data = await deps.blobs.get(here.tenant_id, film["blob"])
    # Not kept: with an avatar that is withdrawn its films go, and a still of it would stay.
    still = await asyncio.to_thread(poster, data, _POSTER_SECONDS, widest=_POSTER_SIDE)
    ways = (await deps.lines.line(here.account_id)).limits.videos
    longest = max((way.caption_chars for way in ways if way.view == film["view"]), default=0)
    # What follows in writing is not written twice.
    caption = text if len(text) <= longest and not film["rest"] else None
    reply = Reply(
        kind=ReplyKind.VIDEO,
        key=f"{here.turn_id}:video",
        address=await address_of(deps, here),
        text=caption,
        data=data,
        poster=still,
        url=_linked(deps, here, film),
        **{name: film[name] for name in ("mime", "seconds", "width", "height", "view")},
    )
    return await _once(deps, here, reply, blob=film["blob"], said=text)


async def send_soon(deps: Deps, here: Here, language: str) -> dict[str, Any]:
    """Tell the customer that their video is being made."""
    policy = await _policy(deps, here)
    return await send_text(deps, here, phrase(policy, "video_soon", language), "soon")


async def send_text(deps: Deps, here: Here, text: str, name: str = "text") -> dict[str, Any]:
    """Send the answer as text, in as many messages as the network needs."""
    limits = (await deps.lines.line(here.account_id)).limits
    address = await address_of(deps, here)
    bills: list[dict[str, Any]] = []
    parts = wrap(text, limits.text_chars, replace_whitespace=False, break_long_words=True)
    for number, part in enumerate(parts):
        key = f"{here.turn_id}:{name}:{number}"
        sent = await _once(deps, here, Reply(kind=ReplyKind.TEXT, key=key, address=address, text=part))
        bills += sent["bills"]
    return {"bills": bills}


async def send_fallback(deps: Deps, here: Here) -> dict[str, Any]:
    """Send the tenant's words for a failure on our side; a colleague whose words it was sees it, and no customer."""
    policy = await _policy(deps, here)
    async with deps.db.tenant(here.tenant_id, reads=True) as session:
        ordered = await orders.order_of(session, here.turn_id)
        if ordered is not None and not orders.is_again(ordered):
            return {"bills": []}
        language = (await session.get_one(Conversation, here.conversation_id)).language or policy.language
    return await send_text(deps, here, phrase(policy, "fallback", language), "fallback")


def _linked(deps: Deps, here: Here, made: dict[str, Any]) -> str | None:
    """Where a note or a film can be fetched for a while."""
    return deps.link(here.tenant_id, made["blob"], made["mime"]) if deps.link is not None else None


async def _policy(deps: Deps, here: Here) -> Policy:
    async with deps.db.tenant(here.tenant_id, reads=True) as session:
        return policy_of(await session.get_one(Tenant, here.tenant_id))


async def finish(
    deps: Deps,
    here: Here,
    bills: Sequence[dict[str, Any]],
    reply_kind: str | None,
    note: str | None,
    state: str = TurnState.ANSWERED.value,
    failed_step: str | None = None,
    cause: str | None = None,
) -> None:
    """Close the turn with its bill; a dead one with the step that failed and why."""
    stages = [turns.Stage(b["stage"], b["ms"], b["engine"], b["units"], b["unit"], b["cost"]) for b in bills]
    async with deps.db.tenant(here.tenant_id) as session:
        await turns.write_stages(session, here.turn_id, stages)
        await turns.close(session, here.turn_id, TurnState(state), reply_kind, note, failed_step, cause)
        await happenings.turn_over(session, here.turn_id)
    await deps.darkroom.drop(here.turn_id)


async def address_of(deps: Deps, here: Here) -> dict[str, Any]:
    """What the channel needs to answer in this conversation."""
    async with deps.db.tenant(here.tenant_id, reads=True) as session:
        return dict((await session.get_one(Conversation, here.conversation_id)).address)


async def _once(
    deps: Deps,
    here: Here,
    reply: Reply,
    blob: str | None = None,
    said: str | None = None,
    peaks: list[int] | None = None,
) -> dict[str, Any]:
    """Send a message, unless it was sent or a colleague has taken over ({"taken"}).

    `said` is what it says where it carries no text.
    """
    ledger = Ledger()
    line = await deps.lines.line(here.account_id)
    async with deps.db.tenant(here.tenant_id) as session:
        ordered = await orders.order_of(session, here.turn_id)
        if await orders.hushed(session, here.conversation_id, ordered):
            return {"bills": [], "taken": True}
        author = ordered.author_id if ordered is not None and not orders.is_again(ordered) else None
        message = await outgoing.intend(session, here.turn_id, here.conversation_id, here.account_id, reply, author)
        message.blob, message.text, message.peaks = message.blob or blob, message.text or said, message.peaks or peaks
        open_try, done = message.status == outgoing.INTENT, message.provider_id is not None
    with ledger.timed("send"):
        if not done and not (open_try and await _settled(deps, here, line, reply.key)):
            await _call_vendor(deps, here, line, reply)
    return {"bills": [{**vars(bill)} for bill in ledger.bills]}


async def _settled(deps: Deps, here: Here, line: Line, key: str) -> bool:
    """Whether a receipt shows that an earlier try with an unknown outcome got through."""
    if not line.limits.receipts:
        return False
    until = monotonic() + deps.settle_seconds
    while monotonic() < until:
        async with deps.db.tenant(here.tenant_id, reads=True) as session:
            message: Message | None = await outgoing.by_key(session, key)
            if message is not None and message.provider_id is not None:
                return True
        await asyncio.sleep(0.25)
    return False


async def _call_vendor(deps: Deps, here: Here, line: Line, reply: Reply) -> None:
    await _mark(deps, here, reply.key, outgoing.INTENT)
    try:
        provider_id = await line.channel.send(reply)
    except Retryable as error:
        await _mark(deps, here, reply.key, outgoing.INTENT if error.landed else outgoing.UNSENT, error.code)
        raise
    except (Impossible, NeedsOwner) as error:
        await _mark(deps, here, reply.key, "failed", error.code)
        raise
    async with deps.db.tenant(here.tenant_id) as session:
        await outgoing.accepted(session, reply.key, provider_id)
        await happenings.sent(session, reply.key)


async def _mark(deps: Deps, here: Here, key: str, status: str, error: str | None = None) -> None:
    async with deps.db.tenant(here.tenant_id) as session:
        await outgoing.mark(session, key, status, error)
