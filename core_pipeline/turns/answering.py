"""The stages that think and speak: find the answer, make it speakable, speak it, encode it."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from core_pipeline.arabic.language import detect
from core_pipeline.arabic.speakable import speakable
from core_pipeline.contracts.engines import Ask, Saying
from core_pipeline.contracts.messages import Kind
from core_pipeline.engines.router import For
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.history import incoming, turns
from core_pipeline.media.encode import encode_voice
from core_pipeline.media.pcm import join
from core_pipeline.turns.ladder import AUDIBLE, WORDED, form_of
from core_pipeline.turns.words import phrase, phrases
from tenants.models import Contact, Conversation, Tenant
from tenants.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from core_pipeline.contracts.engines import Exchange
    from core_pipeline.turns.deps import Deps, Here
    from tenants.models import Message

LANGUAGES = ("ar", "en")


async def answer(deps: Deps, here: Here) -> dict[str, Any]:
    """Decide what to say: {"text", "language", "form", "note", "bills"}; an empty text means nothing needs saying."""
    ledger = Ledger()
    async with deps.db.tenant(here.tenant_id, reads=True) as session:
        messages = await incoming.of_turn(session, here.turn_id)
        policy = Policy.model_validate((await session.get_one(Tenant, here.tenant_id)).policy)
        before = await _spoken_before(session, await session.get_one(Conversation, here.conversation_id))
        history = await turns.recent(session, here.conversation_id, here.turn_id)
    # In a thread: mixed text loads a model of languages on its first use.
    language = await asyncio.to_thread(_language, messages, policy, before)
    heard, name, note = _understood(messages, policy)
    text = phrase(policy, name, language) if name else ""
    if heard:
        text = await _think(deps, here, policy, heard, language, history, ledger)
    async with deps.db.tenant(here.tenant_id) as session:
        (await session.get_one(Conversation, here.conversation_id)).language = language
        await turns.answered_with(session, here.turn_id, heard or None, text, language, note)
    bills = [asdict(bill) for bill in ledger.bills]
    form = form_of((m.kind for m in messages), policy, (await deps.lines.line(here.account_id)).limits)
    return {"text": text, "language": language, "form": form.value, "note": note, "bills": bills}


def _understood(messages: Sequence[Message], policy: Policy) -> tuple[str, str | None, str | None]:
    """What we can answer, or the ready words that fit, and why."""
    kinds = {message.kind for message in messages}
    texts = [m.text for m in messages if m.text and m.kind in WORDED and not _unsure(m, policy)]
    if texts:
        return "\n".join(texts), None, None
    if trouble := next((m.error for m in messages if m.error and m.kind in AUDIBLE), None):
        return "", "please_write", trouble
    if kinds & AUDIBLE:
        return "", "repeat", "not-understood"
    if Kind.OPENED in kinds:
        return "", "greeting", None
    if kinds - {Kind.REACTION}:
        return "", "unsupported", "unsupported-kind"
    return "", None, "nothing-to-answer"


def _unsure(message: Message, policy: Policy) -> bool:
    return message.confidence is not None and message.confidence < policy.confidence


def _language(messages: Sequence[Message], policy: Policy, before: str | None) -> str:
    for message in reversed(messages):
        if message.kind in AUDIBLE and message.language and message.text and not _unsure(message, policy):
            return message.language
        typed = detect(message.text) if message.text and message.kind in WORDED - AUDIBLE else None
        if typed:
            return typed
    return before or policy.language


async def _spoken_before(session: AsyncSession, conversation: Conversation) -> str | None:
    """The language of the conversation so far, else the one that the network knows of the customer, if it is ours."""
    contact = await session.get_one(Contact, conversation.contact_id)
    known = (contact.language or "")[:2]
    return conversation.language or (known if known in LANGUAGES else None)


async def _think(
    deps: Deps, here: Here, policy: Policy, heard: str, language: str, history: tuple[Exchange, ...], ledger: Ledger
) -> str:
    with ledger.timed("recall"):
        passages = await deps.shelf.search(here.tenant_id, heard, language)
    ask = Ask(heard, language, passages, history, phrases(policy, language))
    engine = await deps.engines.llm(language, For(ledger, here.tenant_id))
    text = "".join([piece async for piece in engine.answer(ask) if isinstance(piece, str)]).strip()
    return text or phrase(policy, "unknown", language)


async def speak(deps: Deps, here: Here, text: str, language: str) -> dict[str, Any]:
    """Speak the text into our store, encoded as this channel's voice note: {"blob", "mime", "seconds", "bills"}."""
    ledger = Ledger()
    limits = (await deps.lines.line(here.account_id)).limits
    async with deps.db.tenant(here.tenant_id, reads=True) as session:
        policy = Policy.model_validate((await session.get_one(Tenant, here.tenant_id)).policy)
    async with deps.gate.hold(here.tenant_id):
        with ledger.timed("speakable"):
            saying = Saying(speakable(text, language), language, policy.voice.get(language))
        engine = await deps.engines.tts(language, For(ledger, here.tenant_id))
        parts = [part.pcm async for part in engine.speak(saying)]
        with ledger.timed("encode"):
            data = await encode_voice(join(parts), limits.voice)
    blob = await deps.blobs.put(here.tenant_id, "spoken", data)
    seconds = sum(part.seconds for part in parts)
    fits = len(data) <= limits.voice_bytes
    bills = [asdict(bill) for bill in ledger.bills]
    return {"blob": blob, "mime": limits.voice.mime, "seconds": round(seconds, 2), "fits": fits, "bills": bills}
