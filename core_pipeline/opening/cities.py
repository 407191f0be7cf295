"""The main Arab cities: where they lie, whose clock they follow, how their country computes the times of prayer."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class City:
    """A city with its names and its country's by language, and its place in degrees north and east."""

    slug: str
    names: Mapping[str, str]
    country: Mapping[str, str]
    latitude: float
    longitude: float
    zone: str
    method: str


@cache
def cities() -> dict[str, City]:
    """All cities that we know, by their slug, in the order of their countries."""
    read = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    countries = read["countries"]
    return {slug: _city(slug, one, countries[one["country"]]) for slug, one in read["cities"].items()}


def _city(slug: str, one: Mapping[str, Any], country: Mapping[str, str]) -> City:
    north, east = one["at"]
    names = {language: str(one[language]) for language in ("ar", "en")}
    named = {language: country[language] for language in ("ar", "en")}
    return City(slug, names, named, north, east, country["zone"], country["method"])
