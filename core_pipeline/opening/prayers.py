"""When the five prayers are called, by place and by the rule of the country's authority."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from adhanpy.calculation.CalculationMethod import CalculationMethod
from adhanpy.PrayerTimes import PrayerTimes

from core_pipeline.opening.cities import cities
from core_pipeline.opening.ramadan import in_ramadan
from tenants.hours import PRAYERS

if TYPE_CHECKING:
    from tenants.hours import Pauses, Prayer

_METHODS = {
    "egypt": CalculationMethod.EGYPTIAN,
    "umm_al_qura": CalculationMethod.UMM_AL_QURA,
    "dubai": CalculationMethod.DUBAI,
    "kuwait": CalculationMethod.KUWAIT,
    "qatar": CalculationMethod.QATAR,
    "league": CalculationMethod.MUSLIM_WORLD_LEAGUE,
    "karachi": CalculationMethod.KARACHI,
    "france": CalculationMethod.UOIF,
    "america": CalculationMethod.NORTH_AMERICA,
}
# Umm al-Qura's night prayer is half an hour later in Ramadan.
_LATER = timedelta(minutes=30)


def prayers_on(day: date, pauses: Pauses, zone: ZoneInfo, correction: int = 0) -> dict[Prayer, datetime]:
    """When each prayer is called on this day, in the zone, to the minute; none where the sun never sets."""
    city = cities().get(pauses.city) or cities()["cairo"]
    place = (city.latitude, city.longitude)
    if pauses.latitude is not None and pauses.longitude is not None:
        place = (pauses.latitude, pauses.longitude)
    method = pauses.method or city.method
    called = {name: at.astimezone(zone) for name, at in _computed(day, place, method).items()}
    if method == "umm_al_qura" and "isha" in called and in_ramadan(day, correction):
        called["isha"] += _LATER
    return called


@lru_cache(maxsize=1024)
def _computed(day: date, place: tuple[float, float], method: str) -> dict[Prayer, datetime]:
    # The library reads the day off a UTC time; the times that it gives are exact to the minute, in UTC.
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    try:
        times = PrayerTimes(place, noon, _METHODS[method], time_zone=ZoneInfo("UTC"))
    except RuntimeError:
        return {}
    found = {name: getattr(times, name) for name in PRAYERS}
    return {name: at for name, at in found.items() if at is not None}
