"""What a colleague has the bot send: their words, typed or recorded, as they are."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from core_pipeline.arabic.language import detect
from core_pipeline.contracts.messages import ReplyKind
from core_pipeline.engines.router import For
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.history import orders, turns
from core_pipeline.media.encode import encode_voice
from core_pipeline.media.peaks import peaks_of
from errors import Impossible, SawtakError
from tenants.models import Conversation, Message, Tenant
from tenants.policy import Policy
from tenants.quotas import COLLEAGUE

if TYPE_CHECKING:
    from core_pipeline.contracts.channel import Limits
    from core_pipeline.contracts.engines import Pcm
    from core_pipeline.turns.deps import Deps, Here

NOTE = COLLEAGUE


async def plan(deps: Deps, here: Here) -> dict[str, Any] | None:
    """What to send where this turn carries out a colleague's order, as stage "answer" says it; None for other turns.

    A recording is sent as a voice note or not at all ("only"); typed words may end up as text where no voice speaks.
    """
    async with deps.db.tenant(here.tenant_id, reads=True) as session:
        order = await orders.order_of(session, here.turn_id)
        before = (await session.get_one(Conversation, here.conversation_id)).language
        policy = Policy.model_validate((await session.get_one(Tenant, here.tenant_id)).policy)
    if order is None or orders.is_again(order):
        return None
    bills, limits = For(Ledger(), here.tenant_id), (await deps.lines.line(here.account_id)).limits
    text, spoken = order.text or "", None
    if order.blob is not None:
        spoken, text = await _recorded(deps, here, order, limits, bills)
    # In a thread: mixed text loads a model of languages on its first use.
    language = (await asyncio.to_thread(detect, text) if text else None) or before or policy.language
    async with deps.db.tenant(here.tenant_id) as session:
        await turns.answered_with(session, here.turn_id, None, text, language, NOTE)
    shown = {"language": language, "form": _form(order, limits), "sound": None, "avatar": ""}
    said: dict[str, Any] = {
        "text": text,
        "note": NOTE,
        "spoken": spoken,
        "keep": False,
        "also": [],
        "only": spoken is not None,
    }
    return {**said, **shown, "bills": [asdict(bill) for bill in bills.ledger.bills]}


def _form(order: Message, limits: Limits) -> str:
    if order.wish is not None and order.wish in limits.degrade:
        return ReplyKind(order.wish).value
    return ReplyKind.TEXT.value


async def _recorded(deps: Deps, here: Here, order: Message, limits: Limits, bills: For) -> tuple[dict[str, Any], str]:
    """The recording as this channel's voice note, and what it says ("" where nobody can tell)."""
    if ReplyKind.VOICE not in limits.degrade:
        raise Impossible("no-voice-here", "this network carries no voice notes: write instead")
    sound = await deps.blobs.get(here.tenant_id, order.blob or "")
    async with deps.gate.hold(here.tenant_id):
        with bills.ledger.timed("decode"):
            pcm = await deps.sandbox.decode(sound)
        with bills.ledger.timed("encode"):
            data = await encode_voice(pcm, limits.voice)
        text = order.text or await _heard(deps, pcm, bills)
    made = {"mime": limits.voice.mime, "seconds": round(pcm.seconds, 2), "peaks": peaks_of(pcm)}
    blob = await deps.blobs.put(here.tenant_id, "spoken", data)
    return {"blob": blob, "fits": len(data) <= limits.voice_bytes, **made}, text


async def _heard(deps: Deps, pcm: Pcm, bills: For) -> str:
    """What the recording says; it goes out all the same where no engine can hear it now."""
    try:
        return (await (await deps.engines.asr(None, bills)).transcribe(pcm)).text
    except SawtakError:
        return ""
