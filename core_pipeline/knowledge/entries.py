"""What a business knows, as the search takes it: questions with answers, things for sale, pieces of documents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from core_pipeline.arabic.money import currency
from core_pipeline.arabic.numbers import Noun


@dataclass(frozen=True)
class Entry:
    """One question with its answer in one language, and other ways to ask it.

    `fact` is the same for the versions of one entry in several languages; None means that there is only this one.
    """

    id: str
    question: str
    answer: str
    language: str
    alternatives: tuple[str, ...] = ()
    fact: str | None = None


@dataclass(frozen=True)
class Ware:
    """A thing for sale in one language; `price` is a decimal number, `currency` its code."""

    id: str
    name: str
    description: str
    language: str
    price: str | None = None
    currency: str = ""
    available: bool = True
    fact: str | None = None


@dataclass(frozen=True)
class Extract:
    """A piece of a document: its text, the headings above it, the document's title and the page."""

    id: str
    text: str
    language: str
    heading: str = ""
    title: str = ""
    page: int | None = None

    @property
    def source(self) -> str:
        """The document's title with the page, as a person would name the place."""
        if self.page is None:
            return self.title
        return f"{self.title}، ص {self.page}" if self.language == "ar" else f"{self.title}, p. {self.page}"


_PRICE = re.compile(r"\d{1,12}(?:\.\d{1,6})?")
_PRICED = {"ar": "سعر {name} هو {amount}.", "en": "{name} costs {amount}."}
_GONE = {"ar": "{name} غير متوفر حاليا.", "en": "{name} is not available at the moment."}
_PLAIN = {"ar": "نعم، لدينا {name}.", "en": "Yes, we have {name}."}
_ASKED = {"ar": "سعر {name}", "en": "price of {name}"}


def ware_entry(ware: Ware) -> Entry:
    """Return the question and the speakable answer that a thing for sale amounts to."""
    said = "ar" if ware.language == "ar" else "en"
    amount = _amount(ware, said)
    form = _GONE if not ware.available else _PRICED if amount else _PLAIN
    answer = form[said].format(name=ware.name, amount=amount)
    description = ware.description.strip()
    alternatives = (_ASKED[said].format(name=ware.name), *([f"{ware.name} {description}"] if description else []))
    return Entry(ware.id, ware.name, f"{answer} {description}".strip(), ware.language, alternatives, ware.fact)


def _amount(ware: Ware, language: str) -> str:
    """The price in figures with its currency in words that agree, such as "50 جنيها"; empty without a price."""
    if not _PRICE.fullmatch(ware.price or ""):
        return ""
    value = Decimal(ware.price or "")
    figures = f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"
    kind = currency(ware.currency)
    if kind is None:
        return f"{figures} {ware.currency}".strip()
    return f"{figures} {_form(kind.unit, value) if language == 'ar' else kind.english}"


def _form(unit: Noun, value: Decimal) -> str:
    """The form of a noun behind a figure."""
    last = int(value) % 100
    if value % 1 or last in {0, 1, 2}:
        return unit.one
    return unit.few if last <= 10 else unit.many
