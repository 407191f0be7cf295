"""Conversations with all that hangs on them: found first, deleted last, so that a broken-off try can be repeated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, or_, select, update
from sqlmodel import col

from tenants.db import scope_of
from tenants.models import (
    CachedAnswer,
    Call,
    ConversationLabel,
    ConversationNote,
    Direction,
    Film,
    Message,
    Notice,
    OpenQuestion,
    Render,
    Turn,
    TurnStage,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

# As many as one statement takes on either database.
BATCH = 500


@dataclass
class Traces:
    """What conversations left behind, by ids and keys: `arrived` are account and vendor's id of what came in."""

    messages: list[int] = field(default_factory=list)
    turns: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    blobs: list[str] = field(default_factory=list)
    arrived: list[tuple[str, str]] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)


async def traces(session: AsyncSession, conversation_ids: Sequence[str]) -> Traces:
    """Everything of these conversations."""
    scope_of(session)
    found = Traces()
    for batch in batches(conversation_ids):
        messages = await session.scalars(select(Message).where(col(Message.conversation_id).in_(batch)))
        turns = await session.scalars(select(Turn).where(col(Turn.conversation_id).in_(batch)))
        calls = await session.scalars(select(Call).where(col(Call.conversation_id).in_(batch)))
        _messages(found, messages.all())
        for turn in turns:
            found.turns.append(turn.id)
            found.questions += [turn.heard] if turn.heard else []
        for call in calls:
            found.calls.append(call.id)
            found.blobs += [call.recording] if call.recording else []
    return found


def _messages(found: Traces, messages: Sequence[Message]) -> None:
    for message in messages:
        found.messages.append(message.id or 0)
        found.blobs += [message.blob] if message.blob else []
        if message.direction == Direction.IN and message.provider_id:
            found.arrived.append((message.account_id, message.provider_id))


async def remembered(session: AsyncSession, questions: Sequence[str]) -> list[CachedAnswer]:
    """Answers kept for these questions, in the customers' own words."""
    found: list[CachedAnswer] = []
    for batch in batches(questions):
        found += (await session.scalars(select(CachedAnswer).where(col(CachedAnswer.question).in_(batch)))).all()
    return found


async def bury(session: AsyncSession, conversation_ids: Sequence[str], found: Traces) -> None:
    """Delete the rows; the conversations themselves stay for the caller."""
    scope_of(session)
    for batch in batches(found.turns):
        await session.execute(delete(TurnStage).where(col(TurnStage.turn_id).in_(batch)))
        once = col(OpenQuestion.turn_id).in_(batch)
        await session.execute(delete(OpenQuestion).where(once, col(OpenQuestion.asked) == 1))
        await session.execute(update(OpenQuestion).where(once).values(turn_id=None))
        await session.execute(delete(Turn).where(col(Turn.id).in_(batch)))
    for blobs in batches(found.blobs):
        await session.execute(delete(Render).where(col(Render.blob).in_(blobs)))
        await session.execute(delete(Film).where(col(Film.blob).in_(blobs), col(Film.key).is_(None)))
    for numbers in batches(found.messages):
        await session.execute(delete(Message).where(col(Message.id).in_(numbers)))
    for batch in batches(conversation_ids):
        for table in (Call, ConversationNote, ConversationLabel):
            await session.execute(delete(table).where(col(table.conversation_id).in_(batch)))
    await _notices(session, conversation_ids, found)


async def _notices(session: AsyncSession, conversation_ids: Sequence[str], found: Traces) -> None:
    """Delete what was to be told of them, delivered or not."""
    keys = [*found.turns, *found.calls, *map(str, found.messages)]
    for batch in batches(keys):
        await session.execute(delete(Notice).where(col(Notice.key).in_(batch)))
    for batch in batches(conversation_ids, 50):
        handed = or_(*(col(Notice.key).like(f"{one}:%") for one in batch))
        await session.execute(delete(Notice).where(handed))


def batches(items: Sequence[Any], size: int = BATCH) -> Iterator[list[Any]]:
    """The items, so many at a time."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
