"""What a business's hours make of the next days: opened, closed, paused, and when Ramadan is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import format_date

from core_pipeline.opening import hours_on, local, next_opening, open_at, zone_of
from core_pipeline.opening.cities import cities
from core_pipeline.opening.prayers import prayers_on
from core_pipeline.opening.ramadan import ramadans
from core_pipeline.opening.saying import PRAYER_NAMES
from tenants.hours import PRAYERS

if TYPE_CHECKING:
    from datetime import date

    from admin.frame.visit import Visit
    from tenants.policy import Policy

DAYS_AHEAD = 7
# Where Arab businesses and their neighbours are; others can be typed.
_REGIONS = ("Africa/", "Asia/", "Europe/", "America/", "Australia/")


def preview(visit: Visit, policy: Policy) -> dict[str, Any]:
    """The next seven days in words, and what holds at this moment."""
    here = local(policy, datetime.now(UTC))
    days = [here.date() + timedelta(days=ahead) for ahead in range(DAYS_AHEAD)]
    return {
        "week": [
            hours_on(policy, day, visit.language, named=_day(day, visit, here.date()), clock="24") for day in days
        ],
        "open_now": open_at(policy, here),
        "opens": next_opening(policy, here),
        "clock": policy.zone,
    }


def hours_given(visit: Visit, policy: Policy) -> dict[str, Any]:
    """What the page of hours needs beside its fields."""
    here = local(policy, datetime.now(UTC))
    hours, zone = policy.hours, zone_of(policy.zone) or ZoneInfo("UTC")
    called = prayers_on(here.date(), hours.pauses, zone, hours.ramadan.correction)
    months = [span for year in (here.year, here.year + 1) for span in ramadans(year, hours.ramadan.correction)]
    return {
        **preview(visit, policy),
        "prayers": [(name, PRAYER_NAMES[name][visit.language], called.get(name)) for name in PRAYERS],
        "ramadans": [(_date(first, visit), _date(last, visit)) for first, last in months],
        "zones": [("", visit._("The zone of your calls")), *zones(hours.zone)],
        "cities": [
            (slug, f"{one.names[visit.language]} · {one.country[visit.language]}") for slug, one in cities().items()
        ],
    }


def zones(kept: str) -> list[tuple[str, str]]:
    """The time zones that are offered, and the one that is kept."""
    there = {one for one in available_timezones() if one.startswith(_REGIONS)}
    return [(one, one.replace("_", " ")) for one in sorted(there | ({kept} if kept else set()))]


def _day(day: date, visit: Visit, today: date) -> str:
    name = str(format_date(day, "EEEE d MMM", locale=visit.language))
    named = visit._("Today")
    return f"{named} ({name})" if day == today else name


def _date(day: date, visit: Visit) -> str:
    return str(format_date(day, "d MMMM y", locale=visit.language))
