"""What the columns of a table are: questions and answers, names and prices; or just names of values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core_pipeline.arabic.language import detect
from core_pipeline.arabic.normalise import normalise
from core_pipeline.knowledge.documents.blocks import Table
from core_pipeline.knowledge.documents.prices import currency_of

_ROLES = {
    "question": "question questions q faq query سؤال اسئله استفسار استفسارات",
    "answer": "answer answers a reply response جواب اجابه اجابات رد ردود الاجابه",
    "alternatives": "alternatives variants alternative صيغ مرادفات بدائل",
    "name": "name product item title dish meal service model اسم منتج صنف بند خدمه طبق وجبه سلعه موديل",
    "price": "price cost rate amount سعر تكلفه قيمه ثمن مبلغ",
    "currency": "currency عمله",
    "description": "description details detail notes note وصف تفاصيل ملاحظات ملاحظه شرح مكونات",
    "available": "available availability stock status متوفر متاح توفر حاله مخزون اتاحه",
    "language": "language lang لغه",
    "key": "id key code sku fact كود رمز معرف",
}
_WORDS = {normalise(word): role for role, words in _ROLES.items() for word in words.split()}
# Words that say nothing about a column that another word does not say better.
_SILENT = frozenset(
    {
        "the",
        "of",
        "product",
        "item",
        "unit",
        "selling",
        "sale",
        "other",
        "ways",
        "to",
        "ask",
        "in",
        "per",
        "منتج",
        "صنف",
        "وحده",
        "بيع",
        "اخري",
        "باللغه",
        "من",
        "خدمه",
        "طبق",
        "مصري",
        "سعودي",
        "اماراتي",
        "كويتي",
        "قطري",
        "بحريني",
        "عماني",
        "اردني",
    }
)
_LANGUAGES = {
    "ar": "ar arabic عربي عربيه بالعربي بالعربيه العربيه العربي",
    "en": "en eng english انجليزي انجليزيه بالانجليزي بالانجليزيه الانجليزيه الانجليزي انكليزي بالانكليزي",
}
_OF_LANGUAGE = {word: language for language, words in _LANGUAGES.items() for word in words.split()}
_WORD = re.compile(r"[^\W\d_]+|[$€£﷼]")
_BRACKETS = re.compile(r"[(\[{](.*?)[)\]}]")
_ARTICLE = re.compile("^(?:بال|ال|لل)")
_LONGEST_NAME = 40
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class Column:
    """A column by its header: `role` is "" where it means nothing to us; `language` and `currency` if it names one."""

    header: str
    role: str = ""
    language: str = ""
    currency: str = ""


def column(header: str) -> Column:
    """Understand the header of a column."""
    outer, inner = _BRACKETS.sub(" ", header), " ".join(_BRACKETS.findall(header))
    words = [_bare(word) for word in _WORD.findall(normalise(header.replace("_", " ")))]
    language = next((_OF_LANGUAGE[word] for word in words if word in _OF_LANGUAGE), "")
    rest = [word for word in words if word not in _OF_LANGUAGE and not currency_of(word)]
    roles = [_WORDS.get(word, "?") for word in rest]
    telling = [role for role, word in zip(roles, rest, strict=True) if word not in _SILENT] or roles
    role = telling[0] if telling and len(set(telling)) == 1 and telling[0] != "?" else ""
    return Column(header, role, language, _currency_in(outer, inner) if role == "price" else "")


def _bare(word: str) -> str:
    """Take the article off an Arabic word."""
    bare = _ARTICLE.sub("", word)
    return bare if word not in _OF_LANGUAGE and (len(word) > 4 or bare in _WORDS) else word


def _currency_in(outer: str, inner: str) -> str:
    words = [_ARTICLE.sub("", word) for word in outer.split()]
    tails = [" ".join(words[start:]) for start in range(1, len(words))]
    return next((code for text in (inner, *tails) if (code := currency_of(text))), "")


def split(table: Table) -> tuple[tuple[Column, ...], tuple[tuple[str, ...], ...]]:
    """Return the columns that a table's first row names, and the other rows; no columns if it names none."""
    if len(table.rows) < 2:
        return (), table.rows
    columns = tuple(column(cell) for cell in table.rows[0])
    known = sum(bool(each.role) for each in columns)
    if known >= 2 or (table.headed and _names(table)):
        return columns, table.rows[1:]
    return (), table.rows


def _names(table: Table) -> bool:
    """Whether the first row looks like names of columns: short words over values that are not all words too."""
    first, *rest = table.rows
    if not all(cell and len(cell) <= _LONGEST_NAME and not _DIGIT.search(cell) for cell in first):
        return False
    figures = any(
        sum(bool(_DIGIT.search(cell)) for cell in cells) * 2 > len(rest) for cells in zip(*rest, strict=False)
    )
    return figures or len(first) > 2


def sentences_of(table: Table) -> Iterator[str]:
    """Yield each row as one sentence: values with the names of their columns."""
    columns, rows = split(table)
    for row in rows:
        cells = [cell for cell in row if cell]
        if columns:
            yield _named(columns, row)
        elif len(row) == 2 and len(cells) == 2:
            yield f"{row[0].rstrip(':：')}: {row[1]}"
        elif cells:
            yield " – ".join(cells)


def _named(columns: Sequence[Column], row: Sequence[str]) -> str:
    text = " ".join(cell for cell in row if cell)
    comma = "، " if detect(text) == "ar" else ", "
    pairs = [
        f"{each.header.rstrip(':')}: {cell}" if each.header else cell
        for each, cell in zip(columns, row, strict=False)
        if cell
    ]
    return comma.join(pairs) + "." if pairs else ""
