"""How long to wait before a notice is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MOST_TRIES = 12
FIRST = timedelta(seconds=10)
LONGEST = timedelta(hours=12)
_GROWTH = 3
_JITTER = 0.2


def pause(tries: int, chance: float, asked: timedelta | None = None) -> timedelta:
    """The pause after so many failed tries: 10 s, then thrice as long each time, 12 h at most, spread by a fifth.

    `chance` is a random number in 0..1; what the receiver `asked` for is kept if it is longer, within the same bound.
    """
    grown: timedelta = min(FIRST * float(_GROWTH) ** min(tries - 1, MOST_TRIES), LONGEST)
    spread = grown * (1 - _JITTER + 2 * _JITTER * chance)
    return max(spread, min(asked, LONGEST)) if asked else spread


def asked_for(header: str | None) -> timedelta | None:
    """Read a Retry-After header, in seconds or as a date; None for anything else."""
    if not header:
        return None
    if header.strip().isascii() and header.strip().isdecimal():
        return timedelta(seconds=min(int(header.strip()[:9]), LONGEST.total_seconds()))
    try:
        date = parsedate_to_datetime(header)
    except (ValueError, TypeError, OverflowError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(date - datetime.now(UTC), timedelta(0))
