"""Which facts are asked for: both tables of facts, and what their rows must hold."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, cast, func, or_, select
from sqlmodel import col

from tenants.models import Entry, Product

LANGUAGES = ("ar", "en")
OWN = "own"
_ESCAPE = "/"
# What people type in several ways counts as one: hamzas, ya, ha, tatweel and the marks of vowels.
_ALIKE = (*((sign, "ا") for sign in "أإآ"), ("ى", "ي"), ("ة", "ه"), *((sign, "") for sign in "ـًٌٍَُِّْ"))


@dataclass(frozen=True)
class Shape:
    """One of the two tables of facts: `said` are its fields of one language, `shared` are alike in all."""

    name: str
    table: type[Entry | Product]
    said: tuple[str, ...]
    shared: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """All that a row says."""
        return (*self.said, *self.shared)


ENTRIES = Shape("entries", Entry, ("question", "answer", "alternatives"))
PRODUCTS = Shape("products", Product, ("name", "description"), ("price", "currency", "available"))
SHAPES = {shape.name: shape for shape in (ENTRIES, PRODUCTS)}


@dataclass(frozen=True)
class Asked:
    """Which facts: those with all words of `text`, without a version in the language `missing`.

    `document` is the id of a document or "own" for what came with none; `available` is of products.
    """

    text: str = ""
    missing: str = ""
    document: str = ""
    available: bool | None = None


def conditions(shape: Shape, asked: Asked) -> list[Any]:
    """What a row must fulfil."""
    table = shape.table
    wanted: list[Any] = [_holds(shape, word) for word in _plain(asked.text).split()]
    if asked.missing:
        told = select(col(table.fact)).where(col(table.language) == asked.missing)
        wanted.append(col(table.fact).not_in(told))
    if asked.document == OWN:
        wanted.append(col(table.document_id).is_(None))
    elif asked.document:
        wanted.append(col(table.document_id) == asked.document)
    if asked.available is not None and shape is PRODUCTS:
        wanted.append(col(Product.available).is_(asked.available))
    return wanted


def _holds(shape: Shape, word: str) -> Any:
    """Whether any text of a row holds the word."""
    ways: list[Any] = []
    for name in shape.said:
        column = col(getattr(shape.table, name))
        if name == "alternatives":  # kept as JSON, whose writers escape letters beyond ASCII
            ways.append(cast(column, Text).like(_within(json.dumps(word)[1:-1]), escape=_ESCAPE))
        else:
            ways.append(_folded(column).like(_within(word), escape=_ESCAPE))
    return or_(*ways)


def _within(word: str) -> str:
    """A pattern for what holds the word, whatever signs are in it."""
    for sign in (_ESCAPE, "%", "_"):
        word = word.replace(sign, f"{_ESCAPE}{sign}")
    return f"%{word}%"


def _folded(column: Any) -> Any:
    for sign, plain in _ALIKE:
        column = func.replace(column, sign, plain)
    return func.lower(column)


def _plain(text: str) -> str:
    for sign, plain in _ALIKE:
        text = text.replace(sign, plain)
    return text.replace("\0", "").lower()
