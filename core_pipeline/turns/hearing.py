"""The stages that listen: fetch the customer's file, decode it, transcribe it, wait for the rest of the burst."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from core_pipeline.contracts.messages import MediaRef, ReplyKind
from core_pipeline.engines.router import For
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.history import incoming, orders, turns
from core_pipeline.history.threads import HUMAN, worded
from core_pipeline.media.peaks import peaks_of
from core_pipeline.turns.ladder import AUDIBLE, form_of, wants_video
from errors import Impossible
from tenants.models import Conversation, Message, Tenant
from tenants.policy import Policy

if TYPE_CHECKING:
    from core_pipeline.contracts.channel import Limits
    from core_pipeline.contracts.engines import Transcript
    from core_pipeline.turns.deps import Deps, Here


async def begin(deps: Deps, here: Here) -> dict[str, Any]:
    """Open the turn, unless an earlier turn of the burst has taken its message; tell what must be heard first.

    It is "quiet" where the customer is not to see the bot at work: a colleague answers there, or has it say something.
    """
    limits = (await deps.lines.line(here.account_id)).limits
    async with deps.db.tenant(here.tenant_id) as session:
        message = await session.get(Message, here.message_id)
        if message is None or message.turn_id not in {None, here.turn_id} or orders.is_off(message):
            return {"merged": True}
        await turns.begin(session, here.turn_id, here.conversation_id)
        message.turn_id = here.turn_id
        if message.author_id is not None:
            await orders.take_up(session, message, here.turn_id)
        conversation = await session.get_one(Conversation, here.conversation_id)
        policy = Policy.model_validate((await session.get_one(Tenant, here.tenant_id)).policy)
        return {
            "merged": False,
            "audible": message.kind in AUDIBLE,
            "provider_id": message.provider_id,
            "address": conversation.address,
            "form": _shown(message, policy, limits),
            "quiet": message.author_id is not None or conversation.mode == HUMAN,
        }


def _shown(message: Message, policy: Policy, limits: Limits) -> str:
    """The form that the customer sees us prepare, before we know what they say."""
    if wants_video(policy, limits, asked=False, first=False, wish=message.wish):
        return ReplyKind.VIDEO.value
    return form_of([message.kind], policy, limits, message.wish).value


async def fetch(deps: Deps, here: Here, message_id: int) -> dict[str, Any]:
    """Bring a customer's file into our store; a file that can't be had is noted on its message."""
    ledger = Ledger()
    async with deps.db.tenant(here.tenant_id, reads=True) as session:
        message = await session.get_one(Message, message_id)
        media, kept = MediaRef.model_validate(message.media or {"id": ""}), message.blob
    if kept:
        return {"blob": kept, "bills": []}
    line = await deps.lines.line(here.account_id)
    blob: str | None = None
    problem: str | None = None
    with ledger.timed("fetch"):
        try:
            data = b"".join([chunk async for chunk in line.channel.fetch(media)])
            blob = await deps.blobs.put(here.tenant_id, "heard", data)
        except Impossible as error:
            problem = error.code
    async with deps.db.tenant(here.tenant_id) as session:
        message = await session.get_one(Message, message_id)
        message.blob, message.error = blob, problem
    return {"blob": blob, "bills": _bills(ledger)}


async def hear(deps: Deps, here: Here, message_id: int, blob: str) -> dict[str, Any]:
    """Turn a stored file into words on its message; what can't be heard is noted there."""
    ledger = Ledger()
    problem: str | None = None
    heard: Transcript | None = None
    seconds: float | None = None
    peaks: list[int] | None = None
    data = await deps.blobs.get(here.tenant_id, blob)
    async with deps.gate.hold(here.tenant_id):
        try:
            with ledger.timed("decode"):
                pcm = await deps.sandbox.decode(data)
            seconds, peaks = pcm.seconds, peaks_of(pcm)
            heard = await (await deps.engines.asr(None, For(ledger, here.tenant_id))).transcribe(pcm)
        except Impossible as error:
            problem = error.code
    async with deps.db.tenant(here.tenant_id) as session:
        message = await session.get_one(Message, message_id)
        message.error, message.seconds = problem, seconds or message.seconds
        message.peaks = peaks or message.peaks
        if heard is not None:
            message.text, message.language, message.confidence = heard.text, heard.language, heard.confidence
        await worded(session, message)
    return {"bills": _bills(ledger)}


async def settle(deps: Deps, here: Here) -> dict[str, Any]:
    """Wait until the customer has been quiet for the tenant's burst window, then take all their messages."""
    async with deps.db.tenant(here.tenant_id, reads=True) as session:
        policy = Policy.model_validate((await session.get_one(Tenant, here.tenant_id)).policy)
        if await orders.order_of(session, here.turn_id) is not None:
            return {"to_hear": []}
    if policy.burst_seconds == 0 or not (await deps.lines.line(here.account_id)).limits.bursts:
        return {"to_hear": []}
    started = datetime.now(UTC)
    while (pause := await _pause(deps, here, policy, started)) > 0:
        await asyncio.sleep(pause)
    async with deps.db.tenant(here.tenant_id) as session:
        messages = await incoming.claim(session, here.turn_id, here.conversation_id, here.message_id)
        waiting = [m.id for m in messages if m.kind in AUDIBLE and m.id != here.message_id]
    return {"to_hear": waiting}


async def _pause(deps: Deps, here: Here, policy: Policy, started: datetime) -> float:
    async with deps.db.tenant(here.tenant_id, reads=True) as session:
        last = (await session.get_one(Conversation, here.conversation_id)).last_in_at or started
    now = datetime.now(UTC)
    quiet_left = policy.burst_seconds - (now - last).total_seconds()
    cap_left = policy.burst_cap - (now - started).total_seconds()
    return min(quiet_left, cap_left)


def _bills(ledger: Ledger) -> list[dict[str, Any]]:
    return [asdict(bill) for bill in ledger.bills]
