"""Whether a business takes calls at a given moment, by its own clock."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from tenants.policy import CallPolicy, Day

log = logging.getLogger(__name__)

DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 24 * 60


def open_now(calls: CallPolicy, at: datetime) -> bool:
    """Whether calls are taken at `at`, which must name its zone; a zone that does not exist is always open.

    Hours are wall-clock time, whatever the zone does to its clocks; "09:00-09:00" is a whole day.
    """
    if not calls.hours:
        return True
    zone = zone_of(calls.zone)
    if zone is None:
        log.error("there is no time zone %r: calls are taken at any hour", calls.zone)
        return True
    local = at.astimezone(zone)
    minute = local.hour * 60 + local.minute
    days = ((local.date() - timedelta(days=back), minute + back * _DAY) for back in (0, 1))
    return any(
        begins <= passed < ends
        for day, passed in days
        for begins, ends in map(_minutes, calls.hours.get(DAYS[day.weekday()], []))
    )


def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of that name; None when there is no such zone."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # what a name may be that is no file of a zone
        return None


def person_now(calls: CallPolicy, at: datetime) -> str:
    """The number of whom a caller may be put through to at `at`; "" when there is nobody, or they are closed."""
    return calls.person if calls.person and open_now(calls, at) else ""


def _minutes(hours: str) -> tuple[int, int]:
    """When "09:00-17:30" begins and ends, in minutes since the day's midnight; an end that is earlier is tomorrow's."""
    begins, ends = (int(time[:2]) * 60 + int(time[3:]) for time in hours.split("-"))
    return begins, ends if ends > begins else ends + _DAY
