"""One day of a business by its own clock: when it opens and closes, and the gaps between."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from core_pipeline.opening.prayers import prayers_on
from core_pipeline.opening.ramadan import in_ramadan
from tenants.hours import DAYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tenants.hours import Holiday, OpeningHours, Prayer
    from tenants.policy import Policy

log = logging.getLogger(__name__)

MINUTES = 24 * 60
FRIDAY = 4
LOOKS_AHEAD = 14


@dataclass(frozen=True)
class Gap:
    """A pause for a prayer: from its call on, in minutes since the day's midnight."""

    prayer: Prayer
    begins: int
    ends: int


@dataclass(frozen=True)
class OpenDay:
    """A day's spans and gaps in minutes since midnight, beyond 1440 on the next day; `why` says which rule made it.

    `holiday` is the holiday that it is.
    """

    day: date
    spans: tuple[tuple[int, int], ...]
    gaps: tuple[Gap, ...] = ()
    why: Literal["always", "week", "ramadan", "holiday"] = "week"
    holiday: Holiday | None = None

    def open_at(self, minute: int) -> bool:
        """Whether it is open so many minutes after its midnight, gaps aside."""
        return any(begins <= minute < ends for begins, ends in self.spans)

    def paused_at(self, minute: int) -> bool:
        """Whether a prayer closes the doors then."""
        return any(gap.begins <= minute < gap.ends for gap in self.gaps)


def opens_by_rule(hours: OpeningHours) -> bool:
    """Whether anything is set at all; without it a business is open always and says nothing of hours."""
    return bool(hours.week or hours.holidays or hours.ramadan.active or _pausing(hours))


def day_of(policy: Policy, day: date) -> OpenDay:
    """What this day is like, by holidays first, then Ramadan, then the week."""
    hours = policy.hours
    gaps = _gaps(policy, day)
    if (holiday := _holiday(hours.holidays, day)) is not None:
        return OpenDay(day, _spans(holiday.hours), gaps, "holiday", holiday)
    name = DAYS[day.weekday()]
    if hours.ramadan.active and hours.ramadan.week and in_ramadan(day, hours.ramadan.correction):
        return OpenDay(day, _spans(hours.ramadan.week.get(name, [])), gaps, "ramadan")
    if not hours.week:
        return OpenDay(day, ((0, MINUTES),), gaps, "always")
    return OpenDay(day, _spans(hours.week.get(name, [])), gaps)


def open_at(policy: Policy, at: datetime) -> bool:
    """Whether the business is open at `at`, which must name its zone."""
    if not opens_by_rule(policy.hours):
        return True
    here = local(policy, at)
    minute = here.hour * 60 + here.minute
    today, before = day_of(policy, here.date()), day_of(policy, here.date() - timedelta(days=1))
    if today.paused_at(minute):
        return False
    if today.why == "holiday" and not today.spans:
        # who keeps open past midnight closes before a day on which nobody works
        return before.open_at(minute + MINUTES) and before.why != "always"
    return today.open_at(minute) or before.open_at(minute + MINUTES)


def next_opening(policy: Policy, at: datetime) -> datetime | None:
    """When it opens next, if it is closed now: within two weeks, else None."""
    if open_at(policy, at):
        return None
    here = local(policy, at)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    for ahead in range(LOOKS_AHEAD):
        plan = day_of(policy, here.date() + timedelta(days=ahead))
        begins = [begin for begin, _ in plan.spans] + [gap.ends for gap in plan.gaps]
        # wall-clock time: adding to a local time moves its clock, not its instant
        for minute in sorted(begins):
            then = midnight + timedelta(days=ahead, minutes=minute)
            if then > here and open_at(policy, then):
                return then
    return None


def local(policy: Policy, at: datetime) -> datetime:
    """The moment by the business's own clock; by UTC where its zone does not exist, which is logged."""
    zone = zone_of(policy.zone)
    if zone is None:
        log.error("there is no time zone %r: opening hours are read as UTC", policy.zone)
        zone = ZoneInfo("UTC")
    return at.astimezone(zone)


def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of that name; None when there is no such zone."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # what a name may be that is no file of a zone
        return None


def minutes_of(hours: str) -> tuple[int, int]:
    """When "09:00-17:30" begins and ends, in minutes since the day's midnight; an end that is earlier is tomorrow's."""
    begins, ends = (int(time[:2]) * 60 + int(time[3:]) for time in hours.split("-"))
    return begins, ends if ends > begins else ends + MINUTES


def _spans(hours: Sequence[str]) -> tuple[tuple[int, int], ...]:
    return tuple(sorted(minutes_of(one) for one in hours))


def _pausing(hours: OpeningHours) -> bool:
    return any(hours.pauses.minutes.values()) or hours.pauses.friday > 0


def _gaps(policy: Policy, day: date) -> tuple[Gap, ...]:
    hours = policy.hours
    if not _pausing(hours):
        return ()
    zone = zone_of(policy.zone) or ZoneInfo("UTC")
    lasting = {**hours.pauses.minutes}
    if day.weekday() == FRIDAY and hours.pauses.friday:
        lasting["dhuhr"] = hours.pauses.friday
    called = prayers_on(day, hours.pauses, zone, hours.ramadan.correction)
    gaps = [_gap(name, at, lasting[name]) for name, at in called.items() if lasting.get(name)]
    return tuple(sorted(gaps, key=lambda gap: gap.begins))


def _gap(name: Prayer, at: datetime, minutes: int) -> Gap:
    begins = at.hour * 60 + at.minute
    return Gap(name, begins, begins + minutes)


def _holiday(holidays: Sequence[Holiday], day: date) -> Holiday | None:
    return next((one for one in holidays if _covers(one, day)), None)


def _covers(holiday: Holiday, day: date) -> bool:
    if not holiday.yearly:
        return 0 <= (day - holiday.date).days < holiday.days
    begins = [_in_year(holiday.date, year) for year in (day.year - 1, day.year)]
    return any(0 <= (day - first).days < holiday.days for first in begins)


def _in_year(first: date, year: int) -> date:
    """The same day of another year; 29 February is 28 February where there is none."""
    try:
        return first.replace(year=year)
    except ValueError:
        return first.replace(year=year, day=28)
