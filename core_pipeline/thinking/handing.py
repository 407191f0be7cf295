"""When people answer instead of the bot: asked for by the customer, or called by the tenant's rules."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from core_pipeline.arabic.normalise import normalise
from core_pipeline.arabic.temper import is_angry
from core_pipeline.arabic.wishes import wants_person
from core_pipeline.history.threads import HUMAN
from core_pipeline.knowledge import unknown
from core_pipeline.opening import open_at
from core_pipeline.thinking.words import phrase
from tenants import quotas
from tenants.models import Conversation, Turn

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from tenants.policy import Policy

# What a turn's note says of it: a person was asked, or nobody is there to be asked; the month is used up; the bot keeps
# quiet, for a colleague answers here, or was asked to a while ago.
HANDED, CLOSED, QUOTA, TAKEN, WAITS = "handoff", "closed", "quota", "taken-over", "handed-over"

# What Arabic writes together with the word behind it: and, so, with, for, like, the.
_JOINED = r"(?:[وف]?(?:[بكل]?ال|لل|[بكل])?)?"


def wanted(policy: Policy, heard: str) -> bool:
    """Whether these words go to a person, by the customer's wish or the tenant's rules."""
    return wants_person(heard) or by_rule(policy, heard) is not None


def by_rule(policy: Policy, heard: str) -> str | None:
    """Which rule hands these words over: "words", "angry", or None."""
    said = " ".join(re.sub(r"[^\w\s]", " ", normalise(heard)).split())
    if any(_holds(said, word) for word in policy.handoff.words):
        return "words"
    return "angry" if policy.handoff.angry and is_angry(heard) else None


def too_often(policy: Policy, unknown_before: int) -> bool:
    """Whether one more answer that we don't know, after so many in a row, is one too many."""
    return 0 < policy.handoff.after_unknown <= unknown_before + 1


async def once_too_often(
    session: AsyncSession, policy: Policy, conversation_id: str, turn_id: str, began: datetime
) -> bool:
    """Whether this turn, which finds no answer, is one too many in its conversation, whatever way the others came."""
    if not policy.handoff.after_unknown:
        return False
    since = (await session.get_one(Conversation, conversation_id)).handed_at
    if since is not None and since >= began:
        since = None  # an earlier try of this very turn asked
    asked = (
        select(col(Turn.note))
        .where(col(Turn.conversation_id) == conversation_id, col(Turn.id) != turn_id)
        .where(col(Turn.answer).is_not(None))
        .order_by(col(Turn.started_at).desc(), col(Turn.id).desc())
        .limit(policy.handoff.after_unknown)
    )
    asked = asked.where(col(Turn.started_at) > since) if since is not None else asked
    notes = (await session.scalars(asked)).all()
    return too_often(policy, next((place for place, note in enumerate(notes) if note != unknown.NOTE), len(notes)))


async def quiet(session: AsyncSession, policy: Policy, conversation: Conversation) -> str | None:
    """Why people answer here and not the bot, as a turn's note says it; None where it may answer."""
    if (held := held_by_people(conversation, policy)) is not None:
        return held
    return QUOTA if await quotas.over(session, policy.zone) else None


def held_by_people(conversation: Conversation, policy: Policy) -> str | None:
    """Whether a colleague answers in this conversation (`TAKEN`), or was asked to not long ago (`WAITS`)."""
    if conversation.mode == HUMAN:
        return TAKEN
    at = conversation.handed_at
    return WAITS if at is not None and datetime.now(UTC) - at < timedelta(hours=policy.handoff_hours) else None


def people_now(policy: Policy, at: datetime | None = None) -> bool:
    """Whether a person may be asked to take over now."""
    return policy.handoff.when_closed or open_at(policy, at or datetime.now(UTC))


def told(policy: Policy, language: str, at: datetime | None = None, *, asked: str = "handed") -> tuple[str, ...]:
    """What a customer is told who wants a person: that one was `asked` (ready words), when there is one, or both."""
    closed = not open_at(policy, at or datetime.now(UTC))
    names = [*([asked] if people_now(policy, at) else []), *(["closed_note"] if closed else [])]
    return tuple(said for name in names if (said := phrase(policy, name, language)))


def words_for(policy: Policy, language: str, at: datetime | None = None) -> str:
    """The same in one piece, as it is written."""
    return " ".join(told(policy, language, at))


def _holds(said: str, word: str) -> bool:
    wanted_word = " ".join(re.sub(r"[^\w\s]", " ", normalise(word)).split())
    return bool(wanted_word) and re.search(rf"(?<!\w){_JOINED}{re.escape(wanted_word)}(?!\w)", said) is not None
