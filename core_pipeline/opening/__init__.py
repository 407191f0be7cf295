"""When a business is open: its week, holidays, Ramadan and pauses for prayer, at any moment and in words."""

from core_pipeline.opening.day import Gap, OpenDay, day_of, local, next_opening, open_at, opens_by_rule, zone_of
from core_pipeline.opening.saying import hours_on, hours_today

__all__ = [
    "Gap",
    "OpenDay",
    "day_of",
    "hours_on",
    "hours_today",
    "local",
    "next_opening",
    "open_at",
    "opens_by_rule",
    "zone_of",
]
