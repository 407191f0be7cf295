"""What templates can't work out by themselves: what has changed between two texts, and the lines of a chart's grid."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from math import ceil, floor, log10

# Comparing takes the square of the length: beyond this, a text is told as gone and come.
LONGEST = 4000
_PIECES = re.compile(r"\s+|[^\W_]+|[\W_]", re.UNICODE)
_STEPS = (1, 2, 2.5, 5, 10)
_LINES = 4


def changes(before: str, after: str) -> list[tuple[str, str]]:
    """The pieces of both texts in order, each with "=" (in both), "-" (only before) or "+" (only after)."""
    old, new = _PIECES.findall(before), _PIECES.findall(after)
    if len(old) + len(new) > LONGEST:
        return [(sign, text) for sign, text in (("-", before), ("+", after)) if text]
    told = []
    for _, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        was, now = "".join(old[first:last]), "".join(new[start:end])
        told += [("=", was)] if was == now else [(sign, text) for sign, text in (("-", was), ("+", now)) if text]
    return told


def ticks(highest: float) -> list[float]:
    """Round figures from 0 to just above the highest, evenly apart, for a chart's grid."""
    if highest <= 0:
        return [0.0, 1.0]
    rough = highest / _LINES
    size = 10.0 ** floor(log10(rough))
    step = next(size * one for one in _STEPS if size * one >= rough)
    return [step * count for count in range(ceil(highest / step) + 1)]
