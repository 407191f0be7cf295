"""Everything that the page about a period shows, read in one go."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from statistics import median, quantiles
from typing import TYPE_CHECKING

from core_pipeline.arabic.normalise import normalise
from core_pipeline.insight import counting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy.ext.asyncio import AsyncSession

    from core_pipeline.insight.counting import Answered, Cost, Reached, Said, Traffic
    from core_pipeline.insight.period import Period

MOST_QUESTIONS = 20
LONGEST_QUESTION = 160
FEW = 20


@dataclass(frozen=True)
class Day:
    """Messages of one day."""

    day: date
    incoming: int
    outgoing: int


@dataclass(frozen=True)
class Took:
    """How long a stage took, in milliseconds: in the middle, and of the slowest twentieth (None: too few)."""

    stage: str
    middle: float
    slow: float | None
    times: int


@dataclass(frozen=True)
class Asked:
    """A question and how often it was asked."""

    question: str
    times: int


@dataclass(frozen=True)
class Figures:
    """A period in figures; `hours` counts customers' messages by weekday (0 is Monday) and hour of the place's day."""

    period: Period
    days: tuple[Day, ...]
    channels: tuple[tuple[str, int, int], ...]
    hours: dict[tuple[int, int], int]
    talked: int
    began: int
    answered: Answered
    reached: tuple[Reached, ...]
    whole: Took | None
    stages: tuple[Took, ...]
    costs: tuple[Cost, ...]
    calls: int
    minutes: float
    questions: tuple[Asked, ...]

    @property
    def incoming(self) -> int:
        """Customers' messages."""
        return sum(day.incoming for day in self.days)

    @property
    def outgoing(self) -> int:
        """Our messages."""
        return sum(day.outgoing for day in self.days)

    @property
    def cost(self) -> int:
        """What engines took together, in millionths of a US dollar."""
        return sum(one.cost for one in self.costs)


@dataclass(frozen=True)
class Earlier:
    """What is told of the time before a period: customers' messages, how turns ended, cost as in `Figures`."""

    incoming: int
    answered: Answered
    cost: int


async def figures(session: AsyncSession, period: Period) -> Figures:
    """The period of the session's tenant in figures."""
    messages = await counting.messages(session, period)
    traffic = counting.traffic(messages)
    talked, began = await counting.conversations(session, period)
    turns = await counting.latest_turns(session, period)
    calls, minutes = await counting.calls(session, period)
    return Figures(
        period=period,
        days=_days(traffic, period),
        channels=_channels(traffic),
        hours=_hours(traffic, period),
        talked=talked,
        began=began,
        answered=await counting.answered(session, period),
        reached=tuple(counting.reached(messages)),
        whole=_took("", [ms for turn in turns if (ms := _lasted(turn)) is not None]),
        stages=_stages(await counting.stage_times(session, period)),
        costs=tuple(await counting.costs(session, period)),
        calls=calls,
        minutes=minutes,
        questions=_questions(turns),
    )


async def earlier(session: AsyncSession, period: Period) -> Earlier:
    """A period that another one is held against."""
    answered = await counting.answered(session, period)
    incoming = await counting.written(session, period)
    return Earlier(incoming, answered, await counting.spent(session, period))


def _days(traffic: Sequence[Traffic], period: Period) -> tuple[Day, ...]:
    inward: Counter[date] = Counter()
    outward: Counter[date] = Counter()
    for one in traffic:
        day = period.local(one.hour).date()
        inward[day] += one.incoming
        outward[day] += one.outgoing
    return tuple(Day(day, inward[day], outward[day]) for day in period.each())


def _channels(traffic: Sequence[Traffic]) -> tuple[tuple[str, int, int], ...]:
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for one in traffic:
        found[one.channel][0] += one.incoming
        found[one.channel][1] += one.outgoing
    return tuple((name, *found[name]) for name in sorted(found, key=lambda name: -sum(found[name])))  # type: ignore[misc]  # two figures each


def _hours(traffic: Sequence[Traffic], period: Period) -> dict[tuple[int, int], int]:
    counted: Counter[tuple[int, int]] = Counter()
    for one in traffic:
        at = period.local(one.hour)
        counted[at.weekday(), at.hour] += one.incoming
    return dict(counted)


def _stages(times: Sequence[tuple[str, float]]) -> tuple[Took, ...]:
    """Stages by how long they take in the middle, slowest first."""
    by_stage: dict[str, list[float]] = defaultdict(list)
    for name, ms in times:
        by_stage[name].append(ms)
    took = [one for name, all_ms in by_stage.items() if (one := _took(name, all_ms)) is not None]
    return tuple(sorted(took, key=lambda one: -one.middle))


def _took(name: str, all_ms: Sequence[float]) -> Took | None:
    if not all_ms:
        return None
    slow = quantiles(all_ms, n=20)[-1] if len(all_ms) >= FEW else None
    return Took(name, median(all_ms), slow, len(all_ms))


def _lasted(turn: Said) -> float | None:
    if turn.finished_at is None or turn.reply_kind is None:
        return None
    return (turn.finished_at - turn.started_at).total_seconds() * 1000


def _questions(turns: Sequence[Said]) -> tuple[Asked, ...]:
    """What was asked most, in the words of the latest who asked it."""
    words: dict[str, str] = {}
    counted: Counter[str] = Counter()
    for said, times in Counter((turn.heard or "").strip() for turn in turns).items():
        if plain := normalise(said).strip(" ؟?!.،,"):
            counted[plain] += times
            words.setdefault(plain, said[:LONGEST_QUESTION])
    return tuple(Asked(words[plain], times) for plain, times in counted.most_common(MOST_QUESTIONS))
