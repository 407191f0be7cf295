"""What is kept of a conversation: a summary of what falls out of memory, and what the customer agrees to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core_pipeline.arabic.consent import consent
from core_pipeline.arabic.wishes import own_name, preferences
from core_pipeline.contracts.engines import Ask
from core_pipeline.engines.router import For
from core_pipeline.engines.wrap.flowing import flowing
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.history import memory
from core_pipeline.thinking.words import phrase
from errors import SawtakError
from tenants.models import Conversation, Tenant
from tenants.policy import Policy

if TYPE_CHECKING:
    from core_pipeline.turns.deps import Deps, Here
    from core_pipeline.turns.situation import Situation

# Summing up costs a call of the engine: it waits until this many messages have fallen out of the window.
AT_LEAST = 8


async def remember(deps: Deps, here: Here) -> None:
    """Sum up the messages that fell out of the tenant's window, by an engine that can, else by what was asked."""
    async with deps.db.tenant(here.tenant_id, reads=True) as session:
        policy = Policy.model_validate((await session.get_one(Tenant, here.tenant_id)).policy)
        over = await memory.overflow(session, here.conversation_id, policy.memory_messages, AT_LEAST)
        language = (await session.get_one(Conversation, here.conversation_id)).language or policy.language
    if over is None:
        return
    summary = await _summary(deps, here, language, over) or memory.condensed(over.summary, over.messages)
    async with deps.db.tenant(here.tenant_id) as session:
        await memory.summarised(session, here.conversation_id, summary, over.until)


async def _summary(deps: Deps, here: Here, language: str, over: memory.Overflow) -> str:
    order = For(Ledger(), here.tenant_id)
    ask = Ask("", language, history=over.messages, summary=over.summary, task="summary", longest=900)
    try:
        engine = await deps.engines.summariser(language, order)
        if engine is None:
            return ""
        async with flowing(engine.answer(ask)) as pieces:
            return "".join([piece async for piece in pieces if isinstance(piece, str)]).strip()
    except SawtakError:
        return ""  # the engines' trouble is logged by the fallback; what was asked is remembered all the same


async def noticed(deps: Deps, here: Here, now: Situation) -> Situation:
    """Keep what the customer asks for outright, and their name if they just agreed to that; the situation after it."""
    if not now.policy.remember or not now.heard:
        return now
    kept = {name: value for name, value in preferences(now.heard).items() if now.memory.facts.get(name) != value}
    if agreed(now) == "yes" and (name := _name_before(now)):
        kept["name"] = name
    if not kept:
        return now
    async with deps.db.tenant(here.tenant_id) as session:
        await memory.remember(session, here.conversation_id, kept)
    return now.knowing(kept)


def agreed(now: Situation) -> str | None:
    """The customer's "yes" or "no" to our last question whether we may remember their name; None for anything else."""
    last = now.memory.history[-1] if now.memory.history else None
    question = phrase(now.policy, "may_remember", now.language)
    if last is None or last.speaker != "bot" or not last.text.endswith(question):
        return None
    return consent(now.heard, question)


def _name_before(now: Situation) -> str | None:
    said = [own_name(one.text) for one in now.memory.history if one.speaker == "customer"]
    return next((name for name in reversed(said) if name), None)


def offer(now: Situation) -> str:
    """The question whether we may remember the name that the customer just gave; empty when there is no reason."""
    name = own_name(now.heard)
    if not now.policy.remember or not name or name == now.memory.facts.get("name"):
        return ""
    return phrase(now.policy, "may_remember", now.language)
