"""When a business is open: its week, its holidays, Ramadan and pauses for prayer; stored within its policy."""

from __future__ import annotations

from datetime import date as Date  # noqa: N812 - a field is called `date`
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Hours = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d$")]
Prayer = Literal["fajr", "dhuhr", "asr", "maghrib", "isha"]
Method = Literal["", "egypt", "umm_al_qura", "dubai", "kuwait", "qatar", "league", "karachi", "france", "america"]

DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PRAYERS: tuple[Prayer, ...] = ("fajr", "dhuhr", "asr", "maghrib", "isha")
MOST_SPANS, MOST_HOLIDAYS = 6, 100

Spans = Annotated[list[Hours], Field(max_length=MOST_SPANS)]
Week = dict[Day, Spans]


class Holiday(BaseModel):
    """`days` from `date` on which other hours hold (none: closed), each year again if `yearly`; `name` by language."""

    model_config = ConfigDict(extra="forbid")

    date: Date
    days: int = Field(default=1, ge=1, le=60)
    name: dict[Literal["ar", "en"], Annotated[str, Field(max_length=80)]] = Field(default_factory=dict)
    hours: Spans = Field(default_factory=list)
    yearly: bool = False


class Ramadan(BaseModel):
    """The week in Ramadan, if `active`; `correction` is by how many days the moon is seen later than was computed."""

    model_config = ConfigDict(extra="forbid")

    active: bool = False
    week: Week = Field(default_factory=dict)
    correction: int = Field(default=0, ge=-2, le=2)


class Pauses(BaseModel):
    """For how many minutes a prayer closes the doors, from its call on; `friday` is for the noon prayer of Fridays.

    Where is said by `city` (a name of `core_pipeline/opening/cities.toml`), or by `latitude` and `longitude` in
    degrees; "" as `method` is the one that the city's country follows.
    """

    model_config = ConfigDict(extra="forbid")

    minutes: dict[Prayer, Annotated[int, Field(ge=0, le=120)]] = Field(default_factory=dict)
    friday: int = Field(default=0, ge=0, le=180)
    city: Annotated[str, Field(max_length=40)] = "cairo"
    latitude: float | None = Field(default=None, ge=-66, le=66)
    longitude: float | None = Field(default=None, ge=-180, le=180)
    method: Method = ""


class OpeningHours(BaseModel):
    """When a business is open, by the clock of `zone` ("": the zone of its calls).

    `week` holds the spans of each day ("22:00-02:00" runs into the next day; a day that is missing is closed); an
    empty week means open at all hours, but for holidays and pauses.
    """

    model_config = ConfigDict(extra="forbid")

    zone: Annotated[str, Field(max_length=60)] = ""
    week: Week = Field(default_factory=dict)
    holidays: list[Holiday] = Field(default_factory=list, max_length=MOST_HOLIDAYS)
    ramadan: Ramadan = Field(default_factory=Ramadan)
    pauses: Pauses = Field(default_factory=Pauses)
