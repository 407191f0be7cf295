"""From the order in which letters stand on the page, left to right, back to the order in which they are read.

The inverse of what the Unicode bidirectional algorithm does with lines that hold no control characters. A line is a
sequence of units: single characters, or the letters of one glyph, which stay together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

_MIRROR = str.maketrans("()[]{}<>«»‹›≤≥", ")(][}{><»«›‹≥≤")
_PAIRS = {"(": ")", "[": "]", "{": "}", "«": "»"}
# Latin units of measure and currencies that are written after their number.
_UNITS = frozenset(
    {
        "gb",
        "mb",
        "kb",
        "tb",
        "kg",
        "g",
        "gm",
        "gr",
        "mg",
        "km",
        "m",
        "cm",
        "mm",
        "l",
        "ml",
        "lt",
        "ltr",
        "pcs",
        "pc",
        "px",
        "w",
        "kw",
        "v",
        "hp",
        "hz",
        "mhz",
        "ghz",
        "mah",
        "inch",
        "in",
        "ft",
        "oz",
        "lb",
        "x",
        "egp",
        "le",
        "sar",
        "sr",
        "aed",
        "kwd",
        "kd",
        "qar",
        "qr",
        "bhd",
        "bd",
        "omr",
        "usd",
        "eur",
        "gbp",
        "$",
        "€",
        "pm",
        "am",
        "hrs",
        "hr",
        "min",
    }
)
_UNIT_FIRST = re.compile(r"([A-Za-z$€]+)\.?\s+(\d+(?:[.,:/]\d+)*)")
_PHONE_DIGITS = 7

Units = list[str]


def _kind(unit: str) -> str:
    """Return R (right to left), L, N (digit), C (joins digits), S (sign before or in numbers), T (with numbers), O."""
    kind = unicodedata.bidirectional(unit[0])
    known = {"R": "R", "AL": "R", "NSM": "M", "L": "L", "EN": "N", "AN": "N", "CS": "C", "ES": "S", "ET": "T"}
    return "N" if unit in "٫٬" else known.get(kind, "O")


def _kinds(units: Sequence[str]) -> str:
    found = ""
    for unit in units:
        kind = _kind(unit)
        found += (found[-1] if found else "O") if kind == "M" else kind
    return found


_NUMBER = r"N+(?:CN+)*"
# At the start of a line signs belong to the number; after Arabic letters they do not.
_FIRST_NUMBER = re.compile(rf"T*{_NUMBER}(?:S{_NUMBER})*T*")
_NUMBERS = re.compile(_NUMBER)
_CHAIN = re.compile(r"S?N+(?:[SOC]N+)+")
_LATIN = re.compile(rf"(?:{_NUMBER})?L(?:[^R]*(?:L|NT*))?")


def reading_order(units: Sequence[str], *, rtl: bool, by_look: bool = True) -> str:
    """Return the text of a line whose units stand in this order from left to right; `rtl` is the line's direction.

    `by_look` says that brackets are named by their look, as on the page; otherwise by their meaning, as in text.
    """
    if rtl:
        return _from_right(list(units), by_look=by_look)
    kinds = _kinds(units)
    out: list[str] = []
    done = 0
    for run in re.finditer(r"R(?:[^L]*R)?", kinds):
        out += units[done : run.start()]
        out.append(_from_right(list(units[run.start() : run.end()]), by_look=by_look))
        done = run.end()
    return "".join([*out, *units[done:]])


def _from_right(units: Units, *, by_look: bool) -> str:
    """Read a line from its right end, taking what runs to the right the other way."""
    parts: list[str] = []
    end = len(units)
    for start, stop in reversed(list(_rightward(units))):
        parts += _turned(units[stop:end], by_look=by_look)
        parts.append(_measured("".join(units[start:stop])))
        end = start
    parts += _turned(units[:end], by_look=by_look)
    return brackets_right("".join(parts))


def _rightward(units: Units) -> Iterator[tuple[int, int]]:
    """Yield where Latin words and numbers stand, from left to right."""
    kinds = _kinds(units)
    last = max((place for place, kind in enumerate(kinds) if kind == "R"), default=-1)
    place = 0
    while place < len(units):
        found = _LATIN.match(kinds, place) or _phone(units, kinds, place)
        if found is None:
            found = (_FIRST_NUMBER if place > last else _NUMBERS).match(kinds, place)
        if found is None or found.end() == place:
            place += 1
            continue
        stop = _within_brackets(units, place, found.end())
        yield place, stop
        place = stop


def _within_brackets(units: Units, start: int, stop: int) -> int:
    """Where a rightward run ends: before a bracket whose partner lies outside of it."""
    open_: list[int] = []
    for place in range(start, stop):
        if units[place] in _PAIRS:
            open_.append(place)
        elif units[place] in _PAIRS.values():
            if not open_:
                return _trimmed(units, start, place)
            open_.pop()
    if len(open_) == 1 and units[stop : stop + 1] == [_PAIRS[units[open_[0]]]]:
        return stop + 1
    return _trimmed(units, start, open_[0]) if open_ else stop


def _trimmed(units: Units, start: int, stop: int) -> int:
    while stop > start + 1 and units[stop - 1].isspace():
        stop -= 1
    return stop


def _phone(units: Units, kinds: str, place: int) -> re.Match[str] | None:
    """A telephone number that its writer kept together: it begins with 0 or + at the left, not at the right."""
    found = _CHAIN.match(kinds, place)
    if found is None or kinds.count("N", *found.span()) < _PHONE_DIGITS:
        return None
    text = "".join(units[slice(*found.span())])
    groups = re.split(r"[^\d٠-٩+]+", text)
    begins, ends = groups[0][:1] in "0٠+", groups[-1][:1] in "0٠+" or text.endswith("+")
    return found if begins and not ends else None


def _measured(text: str) -> str:
    """Latin unit and number change places beside Arabic: "GB 15" on the page was written "15 GB"."""
    found = _UNIT_FIRST.fullmatch(text)
    return f"{found[2]} {text[: found.end(1)]}" if found and found[1].lower() in _UNITS else text


def _turned(units: Units, *, by_look: bool) -> Units:
    return [unit.translate(_MIRROR) if by_look and len(unit) == 1 else unit for unit in reversed(units)]


def brackets_right(text: str) -> str:
    """Mirror the brackets of a line in reading order if they pair better so: files name them by meaning or by look."""
    turned = text.translate(_MIRROR)
    better = turned if _balance(turned) > _balance(text) else text
    for open_, close in _PAIRS.items():
        if not _paired(better, open_, close):
            better = _alternating(better, open_, close)
    return better


def _paired(text: str, open_: str, close: str) -> bool:
    """Whether the brackets of one kind pair; an odd one is left to its writer."""
    places = [sign for sign in text if sign in {open_, close}]
    return len(places) % 2 == 1 or all(sign == (open_, close)[at % 2] for at, sign in enumerate(places))


def _alternating(text: str, open_: str, close: str) -> str:
    signs = iter((open_, close) * len(text))
    return "".join(next(signs) if sign in {open_, close} else sign for sign in text)


def _balance(text: str) -> int:
    """Count brackets that have their partner less those that lack it."""
    open_: list[str] = []
    score = 0
    for sign in text:
        if sign in _PAIRS:
            open_.append(_PAIRS[sign])
        elif sign in _PAIRS.values():
            met = bool(open_) and open_[-1] == sign
            score += 2 if met else -1
            if met:
                open_.pop()
    return score - len(open_)
