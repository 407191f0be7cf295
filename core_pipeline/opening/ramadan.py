"""When Ramadan is, by the calendar of Umm al-Qura; the moon may be seen a day earlier or later."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from hijridate import Gregorian, Hijri

MONTH = 9
# The years for which the calendar is tabulated.
FIRST, LAST = date(1925, 1, 1), date(2076, 12, 31)


@lru_cache(maxsize=512)
def in_ramadan(day: date, correction: int = 0) -> bool:
    """Whether this day is in Ramadan, seen `correction` days later than computed; never outside 1925 to 2076."""
    computed = day - timedelta(days=correction)
    if not FIRST <= computed <= LAST:
        return False
    return bool(Gregorian.fromdate(computed).to_hijri().month == MONTH)


def ramadans(year: int, correction: int = 0) -> list[tuple[date, date]]:
    """First and last day of each Ramadan that begins in this year: one, in some years two."""
    if not FIRST.year < year < LAST.year:
        return []
    hijri = Gregorian(year, 1, 1).to_hijri().year
    found = [_month(one, correction) for one in (hijri, hijri + 1)]
    return [(first, last) for first, last in found if first.year == year]


def _month(hijri: int, correction: int) -> tuple[date, date]:
    first = Hijri(hijri, MONTH, 1)
    begins = date(*first.to_gregorian().datetuple()) + timedelta(days=correction)
    return begins, begins + timedelta(days=first.month_length() - 1)
