"""Counts over a period, made by the database; every function works for the session's tenant."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select
from sqlmodel import col

from core_pipeline.contracts.messages import Kind, ReplyKind
from tenants.db import scope_of
from tenants.models import Call, ChannelAccount, Conversation, Direction, Message, Turn, TurnStage, TurnState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from core_pipeline.insight.period import Period

# What turns bear that are no answer to a customer: orders of colleagues and programs, and stages by themselves.
NO_ANSWER = ("script", "colleague", "taken-over", "nothing-to-answer")
STAGES_ALONE = "stage-%"
# Conversations that are only the place of a film which a program ordered.
NO_TALK = "script"
FROM_MEMORY = "answered-before"
TO_A_PERSON = ("handoff", "handed-over", "closed", "quota")
HEARD = ("delivered", "read", "played")
LATEST_TURNS = 5000


@dataclass(frozen=True)
class Traffic:
    """Messages of one hour (UTC) in one channel."""

    hour: datetime
    channel: str
    incoming: int
    outgoing: int


@dataclass(frozen=True)
class Answered:
    """How turns ended: by the bot from what it knows, `unknown` to it, handed to a person, dead."""

    turns: int
    unknown: int
    handed: int
    dead: int
    from_memory: int

    @property
    def by_bot(self) -> float | None:
        """The part that the bot answered from what it knows; None when there was nothing to answer."""
        good = self.turns - self.unknown - self.handed - self.dead
        return good / self.turns if self.turns else None


@dataclass(frozen=True)
class Reached:
    """What became of answers in one form (video, voice, text): sent, delivered, read, heard to the point of playing."""

    kind: str
    sent: int
    delivered: int
    read: int
    played: int


@dataclass(frozen=True)
class Cost:
    """What one engine's stage took in one channel: so often, milliseconds, units of `unit`, millionths of a dollar."""

    channel: str
    stage: str
    engine: str
    times: int
    units: float
    unit: str
    cost: int


async def traffic(session: AsyncSession, period: Period) -> list[Traffic]:
    """Messages by hour and channel."""
    # In a query of its own: Postgres does not see that two formats given as parameters are the same one.
    each = (
        select(
            _hour(session, col(Message.created_at)).label("hour"),
            col(ChannelAccount.channel).label("channel"),
            case((col(Message.direction) == Direction.IN, 1), else_=0).label("inward"),
        )
        .join(ChannelAccount, col(ChannelAccount.id) == col(Message.account_id))
        .where(*_within(col(Message.created_at), period), col(Message.kind) != Kind.SCRIPT)
        .subquery()
    )
    asked = select(each.c.hour, each.c.channel, func.sum(each.c.inward), func.count())
    asked = asked.group_by(each.c.hour, each.c.channel)
    return [
        Traffic(datetime.strptime(at, "%Y-%m-%d %H").replace(tzinfo=UTC), channel, int(inside), int(every - inside))
        for at, channel, inside, every in await session.execute(asked)
    ]


async def conversations(session: AsyncSession, period: Period) -> tuple[int, int]:
    """How many conversations had messages, and how many began."""
    scope_of(session)
    had = select(func.count(func.distinct(col(Message.conversation_id)))).where(
        *_within(col(Message.created_at), period), col(Message.kind) != Kind.SCRIPT
    )
    began = (
        select(func.count())
        .select_from(Conversation)
        .where(*_within(col(Conversation.created_at), period), col(Conversation.mode) != NO_TALK)
    )
    return int(await session.scalar(had) or 0), int(await session.scalar(began) or 0)


async def answered(session: AsyncSession, period: Period) -> Answered:
    """How turns ended."""
    asked = (
        select(col(Turn.state), col(Turn.note), func.count())
        .where(*_within(col(Turn.started_at), period), col(Turn.state).in_([TurnState.ANSWERED, TurnState.DEAD]))
        .where(_is_answer())
        .group_by(col(Turn.state), col(Turn.note))
    )
    counted: Counter[str] = Counter()
    for state, note, times in await session.execute(asked):
        name = "dead" if state == TurnState.DEAD else _end(note)
        counted[name] += times
    return Answered(counted.total(), counted["unknown"], counted["handed"], counted["dead"], counted["memory"])


async def reached(session: AsyncSession, period: Period) -> list[Reached]:
    """What became of our answers by their form, the richest first."""
    status = col(Message.status)

    def among(*names: str) -> Any:
        return func.sum(case((status.in_(names), 1), else_=0))

    asked = (
        select(col(Message.kind), func.count(), among(*HEARD), among("read", "played"), among("played"))
        .where(*_within(col(Message.created_at), period), col(Message.direction) == Direction.OUT)
        .where(status.in_(["accepted", "sent", *HEARD]))
        .group_by(col(Message.kind))
    )
    found = {row[0]: Reached(str(row[0]), *(int(one) for one in row[1:])) for row in await session.execute(asked)}
    return [found[kind] for kind in ReplyKind if kind in found]


async def costs(session: AsyncSession, period: Period) -> list[Cost]:
    """What engines took by channel, dearest first."""
    asked = (
        select(
            col(ChannelAccount.channel),
            col(TurnStage.name),
            col(TurnStage.engine),
            func.count(),
            func.sum(col(TurnStage.units)),
            func.max(func.coalesce(col(TurnStage.unit), "")),
            func.sum(col(TurnStage.cost)),
        )
        .join(Turn, col(Turn.id) == col(TurnStage.turn_id))
        .join(Conversation, col(Conversation.id) == col(Turn.conversation_id))
        .join(ChannelAccount, col(ChannelAccount.id) == col(Conversation.account_id))
        .where(*_within(col(Turn.started_at), period), col(TurnStage.engine).is_not(None))
        .group_by(col(ChannelAccount.channel), col(TurnStage.name), col(TurnStage.engine))
    )
    rows = [
        Cost(channel, stage, engine or "", times, float(units or 0), unit or "", int(cost or 0))
        for channel, stage, engine, times, units, unit, cost in await session.execute(asked)
    ]
    return sorted(rows, key=lambda one: (-one.cost, -one.times))


async def calls(session: AsyncSession, period: Period) -> tuple[int, float]:
    """How many calls were talked in, and their minutes."""
    asked = select(col(Call.answered_at), col(Call.ended_at)).where(
        *_within(col(Call.started_at), period), col(Call.answered_at).is_not(None)
    )
    rows = (await session.execute(asked)).all()
    seconds = sum((end - start).total_seconds() for start, end in rows if start and end)
    return len(rows), seconds / 60


async def latest_turns(session: AsyncSession, period: Period) -> Sequence[Turn]:
    """The latest answered turns, at most `LATEST_TURNS`."""
    asked = (
        select(Turn)
        .where(*_within(col(Turn.started_at), period), col(Turn.state) == TurnState.ANSWERED, _is_answer())
        .order_by(col(Turn.started_at).desc())
        .limit(LATEST_TURNS)
    )
    return (await session.scalars(asked)).all()


async def stage_times(session: AsyncSession, period: Period) -> list[tuple[str, float]]:
    """Stage and milliseconds of the latest answered turns' stages."""
    newest = (
        select(col(Turn.id))
        .where(*_within(col(Turn.started_at), period), col(Turn.state) == TurnState.ANSWERED, _is_answer())
        .order_by(col(Turn.started_at).desc())
        .limit(LATEST_TURNS)
        .subquery()
    )
    asked = select(col(TurnStage.name), col(TurnStage.ms)).join(newest, newest.c.id == col(TurnStage.turn_id))
    return [(str(name), float(ms)) for name, ms in await session.execute(asked)]


def _is_answer() -> Any:
    note = func.coalesce(col(Turn.note), "")
    return note.not_in(NO_ANSWER) & note.not_like(STAGES_ALONE)


def _end(note: str | None) -> str:
    if note == "unknown":
        return "unknown"
    if note in TO_A_PERSON:
        return "handed"
    return "memory" if note == FROM_MEMORY else "known"


def _within(column: Any, period: Period) -> tuple[Any, Any]:
    return column >= period.since, column < period.until


def _hour(session: AsyncSession, column: Any) -> Any:
    """The hour in UTC as "2026-11-21 14"; the two databases name it differently."""
    if session.get_bind().dialect.name == "sqlite":
        return func.strftime("%Y-%m-%d %H", column)
    return func.to_char(func.timezone("UTC", column), "YYYY-MM-DD HH24")
