"""Places of bars and squares in charts that read from where the language begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core_pipeline.insight.figures import Day

WIDTH, HEIGHT, HEAD, FOOT = 720.0, 220.0, 26.0, 30.0
MOST_MARKS = 8
HOURS = 24


@dataclass(frozen=True)
class Bar:
    """A day's column: two parts, one on the other, from `x` to the right; `mark` says whether the day is written."""

    day: Day
    x: float
    width: float
    incoming: tuple[float, float]
    outgoing: tuple[float, float]
    mark: bool

    @property
    def middle(self) -> float:
        """Where its mark stands."""
        return self.x + self.width / 2


@dataclass(frozen=True)
class Square:
    """One hour of one weekday; `level` is 0 (nothing) to 4 (the busiest)."""

    weekday: int
    hour: int
    times: int
    level: int


def bars(days: Sequence[Day], *, mirrored: bool) -> list[Bar]:
    """Columns of days, the first where reading begins; heights within `HEIGHT` minus its head and foot."""
    top = most(days) or 1
    step, room, floor = WIDTH / max(1, len(days)), HEIGHT - HEAD - FOOT, HEIGHT - FOOT
    every = max(1, -(-len(days) // MOST_MARKS))
    drawn = []
    for place, day in enumerate(days):
        x = (len(days) - 1 - place if mirrored else place) * step
        below, above = day.incoming / top * room, day.outgoing / top * room
        pieces = (floor - below, below), (floor - below - above, above)
        drawn.append(Bar(day, x + step * 0.1, step * 0.8, *pieces, mark=place % every == 0))
    return drawn


def most(days: Sequence[Day]) -> int:
    """Messages of the day that had the most."""
    return max((day.incoming + day.outgoing for day in days), default=0)


def busiest(hours: dict[tuple[int, int], int]) -> tuple[int, int] | None:
    """The weekday (0 is Monday) and hour with the most messages; None when there were none."""
    return max(hours, key=lambda place: hours[place]) if any(hours.values()) else None


def squares(hours: dict[tuple[int, int], int], order: Sequence[int]) -> list[list[Square]]:
    """A week of hours, a row for each weekday in this `order`."""
    top = max(hours.values(), default=0) or 1
    rows = []
    for weekday in order:
        times = [hours.get((weekday, hour), 0) for hour in range(HOURS)]
        levels = [0 if not one else 1 + min(3, (4 * one - 1) // top) for one in times]
        rows.append([Square(weekday, hour, times[hour], levels[hour]) for hour in range(HOURS)])
    return rows
