"""Asking a person to take over a conversation: because the customer wants one, or the tenant's rules do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core_pipeline.history.threads import touched
from core_pipeline.thinking import handing
from core_pipeline.turns.remembering import offer
from tenants import quotas
from tenants.models import Conversation, Turn

if TYPE_CHECKING:
    from core_pipeline.thinking.think import Thought
    from core_pipeline.turns.deps import Deps, Here
    from core_pipeline.turns.situation import Situation


async def hand_over(deps: Deps, here: Here, now: Situation) -> tuple[str, str]:
    """Ask a person where one may be asked now; what the customer is told, and the note for the turn."""
    asked = handing.people_now(now.policy)
    if asked:
        async with deps.db.tenant(here.tenant_id) as session:
            await touched(session, here.conversation_id)
            (await session.get_one(Conversation, here.conversation_id)).handed_at = datetime.now(UTC)
    return handing.words_for(now.policy, now.language), handing.HANDED if asked else handing.CLOSED


async def used_up(deps: Deps, here: Here, now: Situation) -> bool:
    """Whether the tenant has had all the answers that this month may bring, so that only people answer."""
    async with deps.db.tenant(here.tenant_id, reads=True) as session:
        return await quotas.over(session, now.policy.zone)


async def ending(deps: Deps, here: Here, now: Situation, thought: Thought) -> str:
    """What follows an answer: that a person was asked after too many we didn't know, or an offer to remember a name."""
    if not thought.sure and not thought.handed and await _too_often(deps, here, now):
        return (await hand_over(deps, here, now))[0]
    return "" if thought.acted else offer(now)


async def _too_often(deps: Deps, here: Here, now: Situation) -> bool:
    if not now.policy.handoff.after_unknown:
        return False
    async with deps.db.tenant(here.tenant_id, reads=True) as session:
        began = (await session.get_one(Turn, here.turn_id)).started_at
        return await handing.once_too_often(session, now.policy, here.conversation_id, here.turn_id, began)
