"""What the bot remembers: a conversation's last messages, a summary of those before, facts about the customer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlmodel import col

from core_pipeline.contracts.engines import Exchange
from tenants.models import Contact, Conversation, Direction, Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

FACTS = ("name", "language", "reply")


@dataclass(frozen=True)
class Memory:
    """What an answer may build on; `facts` only hold what the customer agreed to."""

    history: tuple[Exchange, ...] = ()
    summary: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Overflow:
    """Messages that fell out of the window and are in no summary yet, up to message `until`."""

    summary: str
    messages: tuple[Exchange, ...]
    until: int


async def recall(session: AsyncSession, conversation_id: str, turn_id: str, window: int) -> Memory:
    """Read the last `window` messages since the memory begins, without those of this turn, oldest first."""
    conversation = await session.get_one(Conversation, conversation_id)
    contact = await session.get_one(Contact, conversation.contact_id)
    rows = await _newest(session, conversation, window, turn_id)
    return Memory(_exchanges(rows), conversation.summary, dict(contact.facts))


async def silence_broken(session: AsyncSession, conversation_id: str, turn_id: str, silence: float) -> int | None:
    """The first message of this turn if it breaks a silence of more than `silence` seconds that is still remembered."""
    mine = col(Message.conversation_id) == conversation_id
    asked = select(func.min(col(Message.id)), func.min(col(Message.created_at))).where(
        mine, col(Message.turn_id) == turn_id, col(Message.direction) == Direction.IN
    )
    first, at = (await session.execute(asked)).one()
    since = (await session.get_one(Conversation, conversation_id)).memory_from
    if first is None or first <= since:
        return None
    before = mine, col(Message.id) < first, col(Message.id) >= since
    last = await session.scalar(select(func.max(col(Message.created_at))).where(*before))
    if last is None or _utc(at) - _utc(last) <= timedelta(seconds=silence):
        return None
    return int(first)


async def forget(session: AsyncSession, conversation_id: str, from_id: int) -> None:
    """Begin the conversation's memory at this message; the messages themselves stay on record."""
    conversation = await session.get_one(Conversation, conversation_id)
    conversation.memory_from, conversation.summary, conversation.summary_until = from_id, "", 0
    conversation.pending = None


async def remember(session: AsyncSession, conversation_id: str, facts: Mapping[str, str]) -> None:
    """Keep facts that the customer agreed to; unknown names are left out."""
    contact = await _contact(session, conversation_id)
    kept = {name: value for name, value in facts.items() if name in FACTS}
    contact.facts, contact.consented_at = {**contact.facts, **kept}, datetime.now(UTC)


async def forget_customer(session: AsyncSession, conversation_id: str) -> None:
    """Delete every fact about the customer."""
    contact = await _contact(session, conversation_id)
    contact.facts, contact.consented_at = {}, None


async def overflow(session: AsyncSession, conversation_id: str, window: int, at_least: int) -> Overflow | None:
    """The messages older than the window that no summary covers; None while they are fewer than `at_least`."""
    conversation = await session.get_one(Conversation, conversation_id)
    kept = await _newest(session, conversation, window)
    if not kept:
        return None
    after = max(conversation.memory_from - 1, conversation.summary_until)
    asked = (
        select(Message)
        .where(_worded(conversation), col(Message.id) > after, col(Message.id) < kept[0].id)
        .order_by(col(Message.id))
    )
    rows = (await session.scalars(asked)).all()
    if len(rows) < at_least:
        return None
    return Overflow(conversation.summary, _exchanges(rows), rows[-1].id or 0)


async def summarised(session: AsyncSession, conversation_id: str, summary: str, until: int) -> None:
    """Keep the summary of everything up to message `until`, unless the conversation began anew meanwhile."""
    conversation = await session.get_one(Conversation, conversation_id)
    if conversation.memory_from <= until and conversation.summary_until < until:
        conversation.summary, conversation.summary_until = summary, until


def condensed(before: str, messages: Sequence[Exchange], longest: int = 1200) -> str:
    """Sum up without a model: what the customer said, shortened, the latest of it kept when it gets too long."""
    said = [f"- {' '.join(one.text.split())[:160]}" for one in messages if one.speaker == "customer"]
    lines = [*before.splitlines(), *said]
    while len(lines) > 1 and len("\n".join(lines)) > longest:
        lines.pop(0)
    return "\n".join(lines)[:longest]


async def _contact(session: AsyncSession, conversation_id: str) -> Contact:
    conversation = await session.get_one(Conversation, conversation_id)
    return await session.get_one(Contact, conversation.contact_id)


async def _newest(
    session: AsyncSession, conversation: Conversation, window: int, without: str | None = None
) -> list[Message]:
    asked = select(Message).where(_worded(conversation), col(Message.id) >= conversation.memory_from)
    if without is not None:
        asked = asked.where(col(Message.turn_id) != without)
    rows = await session.scalars(asked.order_by(col(Message.id).desc()).limit(window))
    return list(reversed(rows.all()))


def _worded(conversation: Conversation) -> Any:
    # A colleague's order is no word of the customer's: what comes of it was said by the business.
    said = col(Message.author_id).is_(None) | (col(Message.direction) == Direction.OUT)
    return (col(Message.conversation_id) == conversation.id) & col(Message.text).is_not(None) & said


def _exchanges(rows: Sequence[Message]) -> tuple[Exchange, ...]:
    # Of an answer in a call only what was heard was said.
    told = ((row, row.text if row.heard is None else row.heard) for row in rows)
    return tuple(Exchange("customer" if row.direction == Direction.IN else "bot", text) for row, text in told if text)


def _utc(time: datetime | str) -> datetime:
    # An aggregate of a column loses the column's type on SQLite.
    parsed = datetime.fromisoformat(time) if isinstance(time, str) else time
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed
