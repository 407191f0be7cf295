"""Tables that are questions and answers, or a price list, as rows of their own kind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from core_pipeline.arabic.language import detect
from core_pipeline.arabic.normalise import normalise
from core_pipeline.knowledge.documents.blocks import Table
from core_pipeline.knowledge.documents.columns import Column, split
from core_pipeline.knowledge.documents.prices import currency_of, price_of

_ALTERNATIVES = re.compile(r"\s*[;؛|\n]\s*")
_NO = frozenset({"no", "false", "0", "n", "unavailable", "out", "لا", "غير", "نفد", "نفذ", "منتهي", "x", "✗", "✘"})
_UNKNOWN_LANGUAGE = "ar"


@dataclass(frozen=True)
class Answered:
    """A question with its answer in one language; `fact` is the same for its versions, and for the same row again."""

    fact: str
    language: str
    question: str
    answer: str
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Offer:
    """A product in one language; `price` is a plain decimal, None where the list gives none."""

    fact: str
    language: str
    name: str
    description: str = ""
    price: str | None = None
    currency: str = ""
    available: bool = True


Cells = Sequence[tuple[Column, str]]


class Ledger:
    """Takes the tables of one document and keeps apart what says the same; `prefix` begins every fact."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._seen: Counter[str] = Counter()
        self.answered: list[Answered] = []
        self.offers: list[Offer] = []

    def take(self, table: Table) -> bool:
        """Keep a table's rows; False for a table of another kind, which stays text."""
        columns, rows = split(table)
        roles = [each.role for each in columns]
        if {"question", "answer"} <= set(roles):
            for row in rows:
                self._answer(_cells(columns, row))
            return True
        if "name" in roles and roles.count("price") == 1:
            for row in rows:
                self._offer(_cells(columns, row))
            return True
        return False

    def _fact(self, kind: str, cells: Cells, texts: Mapping[str, str]) -> str:
        """A name that the row has again when the document is read again, and that its other languages' rows share."""
        key = _first(cells, "key")
        named = key or normalise("|".join(texts[language] for language in sorted(texts)))
        digest = sha256(f"{kind}|{named}".encode()).hexdigest()[:16]
        versions = [f"{digest}|{language}" for language in texts]
        again = max(self._seen[version] for version in versions)
        self._seen.update(versions)
        return f"{self._prefix}-{digest}" + (f"-{again + 1}" if again else "")

    def _answer(self, cells: Cells) -> None:
        questions, answers = _by_language(cells, "question"), _by_language(cells, "answer")
        whole = {language: text for language, text in questions.items() if language in answers}
        if not whole and questions and answers:  # a question in one language, answered in another
            whole = dict([next(iter(questions.items()))])
            answers = dict.fromkeys(whole, next(iter(answers.values())))
        if not whole:
            return
        fact, others = self._fact("answer", cells, whole), _by_language(cells, "alternatives")
        for language, question in whole.items():
            ways = tuple(way for way in _ALTERNATIVES.split(others.get(language, "")) if way)
            self.answered.append(Answered(fact, language, question, answers[language], ways))

    def _offer(self, cells: Cells) -> None:
        names = _by_language(cells, "name")
        if not names:
            return
        fact, descriptions = self._fact("offer", cells, names), _by_language(cells, "description")
        price, currency, unread = _priced(cells)
        available = not _NO & set(normalise(_first(cells, "available")).split())
        for language, name in names.items():
            own = descriptions.get(language) or (next(iter(descriptions.values()), "") if len(names) == 1 else "")
            told = [own, *_others(cells), *unread]
            text = ("، " if language == "ar" else ", ").join(part for part in told if part)
            self.offers.append(Offer(fact, language, name, text, price, currency, available))


def _cells(columns: Sequence[Column], row: Sequence[str]) -> Cells:
    return [(each, cell) for each, cell in zip(columns, row, strict=False) if cell]


def _first(cells: Cells, role: str) -> str:
    return next((cell for each, cell in cells if each.role == role), "")


def _by_language(cells: Cells, role: str) -> dict[str, str]:
    """Return the texts of a role by language: the header's, the row's own, or the text's."""
    mine = [(each, cell) for each, cell in cells if each.role == role]
    stated = _stated(cells)
    found: dict[str, str] = {}
    for each, cell in mine:
        by_header = detect(each.header) if len(mine) > 1 else None
        found.setdefault(each.language or stated or by_header or detect(cell) or _UNKNOWN_LANGUAGE, cell)
    return found


def _stated(cells: Cells) -> str:
    given = normalise(_first(cells, "language"))
    if not given:
        return ""
    return (
        "en"
        if given.startswith(("en", "انج", "الانج", "انك"))
        else "ar"
        if given.startswith(("ar", "عرب", "العرب"))
        else ""
    )


def _priced(cells: Cells) -> tuple[str | None, str, list[str]]:
    """Return price, currency and, where the price cannot be read, its words as they stand."""
    at = next(((each, cell) for each, cell in cells if each.role == "price"), None)
    named = currency_of(_first(cells, "currency"))
    if at is None:
        return None, named, []
    price = price_of(at[1])
    if price is None:
        return None, named or at[0].currency, [f"{at[0].header}: {at[1]}"]
    return format(price.amount, "f"), price.currency or named or at[0].currency, []


def _others(cells: Cells) -> Iterator[str]:
    yield from (f"{each.header}: {cell}" if each.header else cell for each, cell in cells if not each.role)
