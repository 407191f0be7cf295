"""Counts over a period, made by the database; every function works for the session's tenant."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
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
LATEST_TURNS, LATEST_TIMED = 5000, 1000
# Where the costs of what was tried in the panel stand.
TRIAL = "trial"


@dataclass(frozen=True)
class Messages:
    """So many messages alike: of one hour (UTC), channel, direction, kind and status."""

    hour: datetime
    channel: str
    inward: bool
    kind: str
    status: str
    times: int


@dataclass(frozen=True)
class Said:
    """An answered turn: what was heard, the form of the answer, and its time."""

    heard: str | None
    reply_kind: str | None
    started_at: datetime
    finished_at: datetime | None


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


async def messages(session: AsyncSession, period: Period) -> list[Messages]:
    """Messages by hour, channel, direction, kind and status: counted once, for all that is told of them."""
    # In a query of its own: Postgres does not see that two formats given as parameters are the same one.
    each = (
        select(
            _hour(session, col(Message.created_at)).label("hour"),
            *(col(Message.account_id), col(Message.direction), col(Message.kind), col(Message.status)),
        )
        .where(*_within(col(Message.created_at), period))
        .subquery()
    )
    asked: Any = select(*each.c, func.count()).group_by(*each.c)
    channels = await _channels(session)
    return [
        Messages(_utc(hour), channels.get(account, ""), direction == Direction.IN, str(kind), str(status), times)
        for hour, account, direction, kind, status, times in await session.execute(asked)
        if kind != Kind.SCRIPT
    ]


def traffic(counted: Sequence[Messages]) -> list[Traffic]:
    """The messages by hour and channel."""
    inward: Counter[tuple[datetime, str]] = Counter()
    outward: Counter[tuple[datetime, str]] = Counter()
    for one in counted:
        (inward if one.inward else outward)[one.hour, one.channel] += one.times
    return [Traffic(at, name, inward[at, name], outward[at, name]) for at, name in inward | outward]


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


def reached(counted: Sequence[Messages]) -> list[Reached]:
    """What became of our answers by their form, the richest first."""
    found: dict[str, Counter[str]] = {}
    for one in counted:
        if not one.inward and one.status in ("accepted", "sent", *HEARD):
            found.setdefault(one.kind, Counter())[one.status] += one.times
    return [
        Reached(
            str(kind),
            told.total(),
            told["delivered"] + told["read"] + told["played"],
            told["read"] + told["played"],
            told["played"],
        )
        for kind in ReplyKind
        if (told := found.get(kind))
    ]


async def costs(session: AsyncSession, period: Period) -> list[Cost]:
    """What engines took by channel, dearest first; what was tried in the panel is in the channel `TRIAL`."""
    stage = (col(TurnStage.account_id), col(TurnStage.name), col(TurnStage.engine))
    asked = (
        select(*stage, func.count(), func.sum(col(TurnStage.units)))
        .add_columns(func.max(func.coalesce(col(TurnStage.unit), "")), func.sum(col(TurnStage.cost)))
        .where(*_within(col(TurnStage.at), period), col(TurnStage.engine).is_not(None))
        .group_by(*stage)
    )
    channels = await _channels(session)
    found: dict[tuple[str, str, str], list[Any]] = {}
    for account, name, engine, times, units, unit, cost in await session.execute(asked):
        one = found.setdefault((channels.get(account, TRIAL), name, engine), [0, 0.0, "", 0])
        one[0], one[1], one[2], one[3] = one[0] + times, one[1] + float(units or 0), unit, one[3] + int(cost or 0)
    return sorted((Cost(*place, *one) for place, one in found.items()), key=lambda one: (-one.cost, -one.times))


async def spent(session: AsyncSession, period: Period) -> int:
    """What engines took in all, in millionths of a US dollar."""
    asked = select(func.sum(col(TurnStage.cost))).where(*_within(col(TurnStage.at), period))
    return int(await session.scalar(asked) or 0)


async def written(session: AsyncSession, period: Period) -> int:
    """How many messages customers sent."""
    asked = select(func.count()).select_from(Message).where(*_within(col(Message.created_at), period))
    inward = col(Message.direction) == Direction.IN, col(Message.kind) != Kind.SCRIPT
    return int(await session.scalar(asked.where(*inward)) or 0)


async def calls(session: AsyncSession, period: Period) -> tuple[int, float]:
    """How many calls were talked in, and their minutes."""
    asked = select(col(Call.answered_at), col(Call.ended_at)).where(
        *_within(col(Call.started_at), period), col(Call.answered_at).is_not(None)
    )
    rows = (await session.execute(asked)).all()
    seconds = sum((end - start).total_seconds() for start, end in rows if start and end)
    return len(rows), seconds / 60


async def latest_turns(session: AsyncSession, period: Period) -> list[Said]:
    """The latest answered turns, at most `LATEST_TURNS`."""
    asked = _latest(period, LATEST_TURNS, Turn.heard, Turn.reply_kind, Turn.started_at, Turn.finished_at)
    return [Said(*row) for row in await session.execute(asked)]


async def stage_times(session: AsyncSession, period: Period) -> list[tuple[str, float]]:
    """Stage and milliseconds of the latest answered turns' stages, of at most `LATEST_TIMED` turns."""
    newest = _latest(period, LATEST_TIMED, Turn.id).subquery()
    asked = select(col(TurnStage.name), col(TurnStage.ms)).join(newest, newest.c.id == col(TurnStage.turn_id))
    return [(str(name), float(ms)) for name, ms in await session.execute(asked)]


async def _channels(session: AsyncSession) -> dict[str, str]:
    """The channel of each account, by its id."""
    accounts = await session.execute(select(col(ChannelAccount.id), col(ChannelAccount.channel)))
    return {account: str(channel) for account, channel in accounts}


def _latest(period: Period, most: int, *columns: Any) -> Any:
    return (
        select(*columns)
        .where(*_within(col(Turn.started_at), period), col(Turn.state) == TurnState.ANSWERED, _is_answer())
        .order_by(col(Turn.started_at).desc())
        .limit(most)
    )


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
        return func.substr(column, 1, 13)  # times are kept as text
    return func.to_char(func.timezone("UTC", column), "YYYY-MM-DD HH24")


def _utc(hour: str) -> datetime:
    return datetime.fromisoformat(f"{hour}:00+00:00")
