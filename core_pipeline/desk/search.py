"""Finding words as people type them: letters that Arabic writers confuse match one another."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func

from core_pipeline.arabic.normalise import latin_digits

if TYPE_CHECKING:
    from sqlalchemy.sql.elements import ColumnElement

ESCAPE = "\\"
LONGEST = 80
# Each letter's other spellings; the first stands for all.
ALIKE = ("اأإآٱ", "هة", "يىئ", "وؤ")
_ANY = {letter for letters in ALIKE for letter in letters}
_FIRST = {other: letters[0] for letters in ALIKE for other in letters[1:]}
_SPECIAL = {ESCAPE, "%", "_"}


def cleaned(typed: str) -> str:
    """What is looked for: without surplus spaces, in figures of one kind, not too long."""
    return " ".join(latin_digits(typed.replace("\0", "")).split())[:LONGEST]


def contains(column: Any, typed: str) -> ColumnElement[bool]:
    """Hold where the column contains this, whichever way its letters are written; %, _ and the like mean themselves."""
    loose = "".join("_" if one in _ANY else _escaped(one) for one in typed)
    # Databases look for what begins with a space much faster than for what begins with an Arabic letter.
    quick = [_like(column, f" {rest}") for rest in loose.partition(" ")[2:] if rest]
    found = and_(*quick, _like(column, loose))
    firsts = {_FIRST.get(one, one) for one in typed} & _ANY
    if not firsts:
        return found
    others = [(other, first) for other, first in _FIRST.items() if first in firsts]
    same: Any = reduce(lambda inner, pair: func.replace(inner, *pair), others, column)
    # The loose pattern is cheap and lets few through; only those are compared letter by letter.
    return found & _like(same, "".join(_escaped(_FIRST.get(one, one)) for one in typed))


def digits(typed: str) -> str:
    """The figures of what looks like a telephone number, without the zeros before a country's code; "" otherwise."""
    bare = typed.translate(str.maketrans("", "", "+-() ."))
    found = bare.removeprefix("00") if bare.isascii() and bare.isdigit() else ""
    return found if len(found) >= 3 else ""


def _like(column: Any, pattern: str) -> ColumnElement[bool]:
    # Where no letter has two sizes, as in Arabic, nothing need be made small first, which takes most of the time.
    sized = pattern.lower() != pattern.upper()
    found: ColumnElement[bool] = (column.ilike if sized else column.like)(f"%{pattern}%", escape=ESCAPE)
    return found


def _escaped(letter: str) -> str:
    return f"{ESCAPE}{letter}" if letter in _SPECIAL else letter
