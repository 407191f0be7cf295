"""How a page shows a line: the Unicode bidirectional algorithm (without explicit controls) and Arabic joining.

Written from the published rules for these tests alone, so that what mends visual text is tried against what makes it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

PAIRS = {"(": ")", "[": "]", "{": "}", "«": "»"}
MIRROR = {**PAIRS, **{close: open_ for open_, close in PAIRS.items()}, "<": ">", ">": "<"}
BRACKETS = {"(": ")", "[": "]", "{": "}"}


def visual(text: str, *, rtl: bool = True) -> str:
    """Return the characters of a line as they stand from left to right; `rtl` is the paragraph's direction."""
    levels = _levels(text, int(rtl))
    signs = [MIRROR.get(sign, sign) if level % 2 else sign for sign, level in zip(text, levels, strict=True)]
    for level in range(max(levels, default=0), 0, -1):
        start = 0
        while start < len(signs):
            stop = start
            while stop < len(signs) and levels[stop] >= level:
                stop += 1
            signs[start:stop] = reversed(signs[start:stop])
            levels[start:stop] = reversed(levels[start:stop])
            start = max(stop, start + 1)
    return "".join(signs)


def _levels(text: str, base: int) -> list[int]:
    kinds = _resolved(text, "R" if base else "L")
    rise = {0: {"L": 0, "R": 1, "AN": 2, "EN": 2}, 1: {"L": 1, "R": 0, "AN": 1, "EN": 1}}[base]
    levels = [base + rise[kind] for kind in kinds]
    last = len(text.rstrip())
    return [*levels[:last], *[base] * (len(text) - last)]


def _resolved(text: str, edge: str) -> list[str]:
    kinds = [unicodedata.bidirectional(sign) for sign in text]
    for place, kind in enumerate(kinds):  # W1
        if kind == "NSM":
            kinds[place] = kinds[place - 1] if place else edge
    _after_strong(kinds, edge, "EN", "AL", "AN")  # W2
    kinds = ["R" if kind == "AL" else kind for kind in kinds]  # W3
    for place in range(1, len(kinds) - 1):  # W4
        before, kind, after = kinds[place - 1 : place + 2]
        if before == after and ((kind == "ES" and before == "EN") or (kind == "CS" and before in {"EN", "AN"})):
            kinds[place] = before
    for start, stop in _runs(kinds, {"ET"}):  # W5
        if "EN" in (*kinds[max(start - 1, 0) : start], *kinds[stop : stop + 1]):
            kinds[start:stop] = ["EN"] * (stop - start)
    kinds = ["ON" if kind in {"ES", "ET", "CS"} else kind for kind in kinds]  # W6
    _after_strong(kinds, edge, "EN", "L", "L")  # W7
    _brackets(text, kinds, edge)
    neutral = {"B", "S", "WS", "ON", "BN"}
    for start, stop in _runs(kinds, neutral):  # N1, N2
        before = _side(kinds[start - 1]) if start else edge
        after = _side(kinds[stop]) if stop < len(kinds) else edge
        kinds[start:stop] = [before if before == after else edge] * (stop - start)
    return kinds


def _after_strong(kinds: list[str], edge: str, kind: str, strong: str, instead: str) -> None:
    last = edge
    for place, found in enumerate(kinds):
        if found in {"L", "R", "AL"}:
            last = found
        elif found == kind and last == strong:
            kinds[place] = instead


def _side(kind: str) -> str:
    return "R" if kind in {"R", "AN", "EN"} else "L"


def _runs(kinds: list[str], wanted: set[str]) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(kinds):
        stop = start
        while stop < len(kinds) and kinds[stop] in wanted:
            stop += 1
        if stop > start:
            yield start, stop
        start = stop + 1


def _brackets(text: str, kinds: list[str], edge: str) -> None:
    """N0: a pair of brackets goes with what it holds."""
    for start, stop in sorted(_pairs(text)):
        inside = {_side(kind) for kind in kinds[start + 1 : stop] if kind in {"L", "R", "AN", "EN"}}
        if edge in inside:
            kinds[start] = kinds[stop] = edge
        elif inside:
            strong = [_side(kind) for kind in kinds[:start] if kind in {"L", "R", "AN", "EN"}]
            other = next(iter(inside))
            kinds[start] = kinds[stop] = other if (strong[-1:] or [edge])[0] == other else edge


def _pairs(text: str) -> Iterator[tuple[int, int]]:
    open_: list[tuple[str, int]] = []
    for place, sign in enumerate(text):
        if sign in BRACKETS:
            open_.append((BRACKETS[sign], place))
        depth = next((at for at in range(len(open_) - 1, -1, -1) if open_[at][0] == sign), None)
        if depth is not None and sign in BRACKETS.values():
            yield open_[depth][1], place
            del open_[depth:]


def _forms() -> dict[tuple[str, str], str]:
    found = {}
    for code in range(0xFB50, 0xFEFD):
        place, _, plain = unicodedata.decomposition(chr(code)).partition(" ")
        letters = "".join(chr(int(part, 16)) for part in plain.split())
        if place.startswith("<") and letters and (len(letters) == 1 or letters in {"لا", "لأ", "لإ", "لآ"}):
            found[letters, place] = chr(code)
    return found


FORMS = _forms()


def shaped(text: str) -> str:
    """Return a text in reading order with each Arabic letter as the presentation form that its place asks for."""
    units: list[str] = []
    for sign in text:
        if units and units[-1] == "ل" and sign in "اأإآ":
            units[-1] += sign
        else:
            units.append(sign)
    return "".join(_form(units, place) for place in range(len(units)))


def _form(units: list[str], place: int) -> str:
    unit = units[place]
    before = place > 0 and (units[place - 1], "<initial>") in FORMS
    after = place + 1 < len(units) and (unit, "<initial>") in FORMS and (units[place + 1], "<final>") in FORMS
    joins = before and (unit, "<final>") in FORMS
    name = {(0, 0): "<isolated>", (0, 1): "<initial>", (1, 0): "<final>", (1, 1): "<medial>"}[int(joins), int(after)]
    return FORMS.get((unit, name), unit)
