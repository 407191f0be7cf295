"""A stretch of whole days in a place's own time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from errors import Impossible

LONGEST_DAYS = 366


@dataclass(frozen=True)
class Period:
    """The days from `first` to `last`, both whole, in `zone`."""

    first: date
    last: date
    zone: str = "Africa/Cairo"

    @classmethod
    def latest(cls, days: int, zone: str, at: datetime) -> Period:
        """So many days up to today; `Impossible` for a zone or a length that there is not."""
        today = at.astimezone(_zone(zone)).date()
        return cls.between(today - timedelta(days=days - 1), today, zone)

    @classmethod
    def month(cls, zone: str, at: datetime) -> Period:
        """The month so far, with the whole of today."""
        today = at.astimezone(_zone(zone)).date()
        return cls(today.replace(day=1), today, zone)

    @classmethod
    def between(cls, first: date, last: date, zone: str) -> Period:
        """These days; `Impossible` when they are in the wrong order or more than a year."""
        _zone(zone)
        if not 0 <= (last - first).days < LONGEST_DAYS:
            raise Impossible("period", f"choose a first day before the last, at most {LONGEST_DAYS} days together")
        return cls(first, last, zone)

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    @property
    def since(self) -> datetime:
        """Its first moment, in UTC."""
        return _midnight(self.first, self.zone)

    @property
    def until(self) -> datetime:
        """The first moment after it, in UTC."""
        return _midnight(self.last + timedelta(days=1), self.zone)

    @property
    def before(self) -> Period:
        """As many days right before it."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.zone)

    def each(self) -> list[date]:
        """Its days, in order."""
        return [self.first + timedelta(days=number) for number in range(self.days)]

    def local(self, at: datetime) -> datetime:
        """A moment as clocks there show it."""
        return at.astimezone(_zone(self.zone))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Impossible("zone", "choose a time zone such as Africa/Cairo or Asia/Riyadh") from error


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), _zone(zone)).astimezone(UTC)
