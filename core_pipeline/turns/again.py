"""Answers given before: the same question in the same circumstances is answered at once, with the same recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core_pipeline.answers import NOTE, Given, Question, find, keep, question_of, used
from core_pipeline.thinking.words import phrase
from core_pipeline.turns.speaking import noted
from errors import Impossible, Retryable

if TYPE_CHECKING:
    from core_pipeline.engines.router import For
    from core_pipeline.thinking.think import Thought
    from core_pipeline.turns.deps import Deps, Here
    from core_pipeline.turns.situation import Situation
    from core_pipeline.turns.speaking import Script
    from tenants.models import CachedAnswer

__all__ = ["NOTE", "asked_before", "note_of", "question", "remember_answer"]


def question(deps: Deps, here: Here, now: Situation, script: Script | None) -> Question | None:
    """What the customer asks, if others may get the same answer; None when the tenant wants every one thought anew."""
    if not now.policy.cache or now.pending:
        return None
    sound = f"{script.choice}:{script.limits.voice}:{script.own.digest}" if script else "text"
    return question_of(
        here.tenant_id,
        now.heard,
        now.language,
        f"{now.circumstances}.{deps.making}.{sound}",
        talking=bool(now.memory.history),
    )


async def asked_before(
    deps: Deps, here: Here, asked: Question | None, now: Situation, order: For
) -> CachedAnswer | None:
    """The answer that was given to this question before."""
    if asked is None:
        return None
    with order.ledger.timed("recall"):
        async with deps.db.tenant(here.tenant_id, reads=True) as session:
            found = await find(session, asked, now.policy.cache_likeness)
        if found is not None:
            async with deps.db.tenant(here.tenant_id) as session:
                await used(session, found)
    return found


async def note_of(deps: Deps, here: Here, answer: CachedAnswer, script: Script | None) -> dict[str, Any] | None:
    """Its recording as a note of this conversation; None when there is none, and it must be spoken.

    A copy: the memory's own goes when the answer does, what a customer was sent stays in the conversation.
    """
    if answer.blob is None or script is None:
        return None
    try:
        blob = await deps.blobs.put(here.tenant_id, "spoken", await deps.blobs.get(here.tenant_id, answer.blob))
        await noted(deps, here, script, blob)
    except (Impossible, Retryable):  # cleared away, or its voice revoked, since we found it
        return None
    return {"blob": blob, "mime": answer.mime, "seconds": answer.seconds, "fits": True}


async def remember_answer(
    deps: Deps,
    here: Here,
    asked: Question | None,
    now: Situation,
    thought: Thought,
    script: Script | None,
    spoken: dict[str, Any] | None,
) -> None:
    """Keep the answer for the next who asks, with a copy of its recording."""
    if asked is None or thought.text == phrase(now.policy, "unknown", now.language):
        return
    given = Given(thought.text, tuple(thought.citations), thought.sure, thought.acted, now.memory.facts)
    if script is not None and spoken is not None and spoken.get("fits"):
        sound = await deps.blobs.get(here.tenant_id, spoken["blob"])
        blob = await deps.blobs.put(here.tenant_id, "answers", sound)
        await noted(deps, here, script, blob)
        given = Given(**{**vars(given), "blob": blob, "mime": spoken["mime"], "seconds": spoken["seconds"]})
    async with deps.db.tenant(here.tenant_id) as session:
        unneeded = await keep(session, asked, given)
    if unneeded is not None:
        await deps.blobs.delete(here.tenant_id, unneeded)
