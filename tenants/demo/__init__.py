"""The demo business: an invented restaurant that shows every part of the platform without a customer's data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LANGUAGES = ("ar", "en")
_FILE = Path(__file__).with_name("restaurant.toml")


@dataclass(frozen=True)
class DemoEntry:
    """One question with its answer in one language; `fact` is shared by the versions in all languages."""

    fact: str
    language: str
    question: str
    answer: str
    alternatives: tuple[str, ...]


@dataclass(frozen=True)
class DemoTenant:
    """A business ready to be stored: names, phrases by name and language, and its entries."""

    slug: str
    language: str
    name_ar: str
    name_en: str
    phrases: Mapping[str, Mapping[str, str]]
    entries: tuple[DemoEntry, ...]


def _entry(fact: Mapping[str, Any], language: str) -> DemoEntry:
    said = fact[language]
    return DemoEntry(fact["id"], language, said["question"], said["answer"], tuple(said["alternatives"]))


def load() -> DemoTenant:
    """Read the demo business from its file."""
    raw = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return DemoTenant(
        slug=raw["slug"],
        language=raw["language"],
        name_ar=raw["name"]["ar"],
        name_en=raw["name"]["en"],
        phrases=raw["phrases"],
        entries=tuple(_entry(fact, language) for fact in raw["facts"] for language in LANGUAGES),
    )
