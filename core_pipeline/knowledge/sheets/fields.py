"""The fields of a fact as people fill them in: read with what is wrong with each, and written again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core_pipeline.arabic.normalise import latin_digits, normalise
from core_pipeline.knowledge.documents.prices import currency_of, price_of
from tenants.facts import ENTRIES, LANGUAGES, Fact, Shape

KEY = "key"
YES, NO = "yes", "no"
LONGEST = {
    "question": 500,
    "answer": 4000,
    "alternatives": 6000,
    "name": 200,
    "description": 2000,
    "price": 40,
    "currency": 24,
    "available": 24,
    "key": 200,
}
LONGEST_WAY, MOST_WAYS = 300, 30
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_WAYS = re.compile(r"[|\r\n]+")
_PRICE = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")
_KEY = re.compile(r"[^\x00-\x1f\x7f]+")
_TRUE = frozenset({"", "yes", "true", "1", "y", "available", "in stock", "نعم", "متوفر", "متاح", "موجود", "✓", "✔"})
_FALSE = frozenset(
    {"no", "false", "0", "n", "unavailable", "out", "out of stock", "لا", "غير متوفر", "غير متاح", "نفد", "x", "✗", "✘"}
)
_YES, _NO = frozenset(map(normalise, _TRUE)), frozenset(map(normalise, _FALSE))


@dataclass(frozen=True)
class Fault:
    """What is wrong with a field.

    `code` is one of needed, needed-any, too-long, too-many, key, price, currency, available.
    """

    field: str
    code: str

    @property
    def told(self) -> str:
        """The code by which `core_pipeline.telling` has a sentence for it."""
        return f"fact-{self.code}"


@dataclass(frozen=True)
class Draft:
    """A record as it was understood: the versions to write (None: to take away), and what is wrong with it."""

    versions: dict[str, dict[str, Any] | None]
    faults: tuple[Fault, ...] = ()
    key: str = ""


@dataclass
class _Reading:
    """A record being read."""

    record: Mapping[str, str]
    faults: list[Fault] = field(default_factory=list)

    def text(self, name: str, longest: int) -> str:
        found = clean(self.record.get(name, ""))
        if len(found) > longest:
            self.faults.append(Fault(name, "too-long"))
        return found

    def wrong(self, name: str, code: str) -> None:
        self.faults.append(Fault(name, code))


def columns(shape: Shape) -> tuple[str, ...]:
    """The names of a record's fields, in order: "key", then "question_ar" and so on, then what languages share."""
    said = (f"{name}_{language}" for language in LANGUAGES for name in shape.said)
    return (KEY, *said, *shape.shared)


def record_of(shape: Shape, fact: Fact) -> dict[str, str]:
    """The fact as a record, with every field; `draft_of` understands it as the same fact."""
    found = dict.fromkeys(columns(shape), "")
    found[KEY] = fact.key
    for language in LANGUAGES:
        values = fact.versions.get(language)
        if values is not None:
            found |= {f"{name}_{language}": _shown(values[name]) for name in shape.said}
            found |= {name: _shown(values[name]) for name in shape.shared if not found[name]}
    return found


def draft_of(shape: Shape, record: Mapping[str, str]) -> Draft:
    """Read a record; a language whose fields are there but empty is to be taken away, a missing one stays."""
    reading = _Reading(record)
    key = reading.text(KEY, LONGEST[KEY])
    if key and not _KEY.fullmatch(key):
        reading.wrong(KEY, "key")
    shared = _shared(shape, reading)
    versions: dict[str, dict[str, Any] | None] = {}
    for language in LANGUAGES:
        if any(f"{name}_{language}" in record for name in shape.said):
            said = _said(shape, reading, language)
            versions[language] = {**said, **shared} if said else None
    if not any(versions.values()):
        reading.wrong(f"{shape.said[0]}_{next(iter(versions), LANGUAGES[0])}", "needed-any")
    return Draft(versions, tuple(reading.faults), key)


def clean(text: str) -> str:
    """The text as databases and files take it: no control or half characters, plain line ends, nothing around it."""
    whole = text.encode("utf-8", "ignore").decode().replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", whole).strip()


def ways_of(text: str) -> list[str]:
    """Other ways to ask, one a line or between bars."""
    return list(dict.fromkeys(way for part in _WAYS.split(text) if (way := clean(part))))


def _said(shape: Shape, reading: _Reading, language: str) -> dict[str, Any]:
    """What is said in a language; nothing where all its fields are empty."""
    texts = {name: reading.text(f"{name}_{language}", LONGEST[name]) for name in shape.said}
    if not any(texts.values()):
        return {}
    for name in ("question", "answer", "name"):
        if name in texts and not texts[name]:
            reading.wrong(f"{name}_{language}", "needed")
    if shape is not ENTRIES:
        return dict(texts)
    ways = ways_of(texts["alternatives"])
    if len(ways) > MOST_WAYS or any(len(way) > LONGEST_WAY for way in ways):
        reading.wrong(f"alternatives_{language}", "too-many")
    return {**texts, "alternatives": ways}


def _shared(shape: Shape, reading: _Reading) -> dict[str, Any]:
    if not shape.shared:
        return {}
    price, named = _price(reading)
    return {"price": price, "currency": named, "available": _available(reading)}


def _price(reading: _Reading) -> tuple[str | None, str]:
    """The price as a plain decimal (None: none) and its currency, which may stand with the price."""
    text, named = reading.text("price", LONGEST["price"]), reading.text("currency", LONGEST["currency"])
    code = currency_of(named) or named
    plain = latin_digits(text)
    if not plain or _PRICE.fullmatch(plain):
        return plain or None, code
    found = price_of(text)
    if found is None:
        reading.wrong("price", "price")
        return None, code
    if code and found.currency and found.currency != code:
        reading.wrong("currency", "currency")
    return format(found.amount, "f"), code or found.currency


def _available(reading: _Reading) -> bool:
    said = " ".join(normalise(reading.text("available", LONGEST["available"])).split())
    if said not in _YES and said not in _NO:
        reading.wrong("available", "available")
    return said not in _NO


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, list):
        return "\n".join(str(each) for each in value)
    return "" if value is None else str(value)
