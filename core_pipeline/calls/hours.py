"""Whether a business takes calls at a given moment, by its own clock."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from core_pipeline.opening.day import minutes_of, open_at, zone_of
from core_pipeline.thinking.handing import people_now
from tenants.hours import DAYS

if TYPE_CHECKING:
    from tenants.policy import CallPolicy, Policy

log = logging.getLogger(__name__)

_DAY = 24 * 60


def takes_calls(policy: Policy, at: datetime) -> bool:
    """Whether calls are taken at `at`: in the telephone's own hours, where it has none in those of the business."""
    return open_now(policy.calls, at) if policy.calls.hours else open_at(policy, at)


def open_now(calls: CallPolicy, at: datetime) -> bool:
    """Whether the telephone's own hours hold `at`, which must name its zone; a zone that does not exist is always open.

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
        for begins, ends in map(minutes_of, calls.hours.get(DAYS[day.weekday()], []))
    )


def person_now(policy: Policy, at: datetime) -> str:
    """The number of whom a caller may be put through to at `at`; "" when there is nobody, or they are closed.

    The telephone's hours count, and the business's as well where it has nobody asked outside them.
    """
    return policy.calls.person if takes_calls(policy, at) and people_now(policy, at) else ""
