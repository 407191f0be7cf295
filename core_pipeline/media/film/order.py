"""The order in which a line's words are read when its script runs right to left and others stand in between.

The drawing library applies Unicode's rules for directions; the marks put in here tell it what the words alone don't.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

RIGHT_TO_LEFT = frozenset({"ar", "fa", "ur", "he", "ps", "ckb", "ug", "yi"})
TO_RIGHT, TO_LEFT, END = "\u2066", "\u2067", "\u2069"  # isolates
FORCED, RELEASED = "\u202d", "\u202c"  # override, for figures
# A word's core is what its direction is about; brackets, quotes and stops around it belong to the line.
CORE = re.compile(r"""([(\[{«"“'‘]*)(.*?)([.,،؛:;!?؟…)\]}»"”'’]*)$""", re.DOTALL)


def ordered(words: Sequence[str], language: str) -> list[str]:
    """Return a line's words with marks of direction, so that joined by spaces they are shown in the right order.

    Words of another direction that follow one another stay together, with the figures after them; figures are read
    from left to right, also a telephone number's groups, which would be turned around in Arabic.
    """
    home = "R" if language in RIGHT_TO_LEFT else "L"
    kinds = [_kind(word) for word in words]
    marked, at = list(words), 0
    while at < len(words):
        end = _group(words, kinds, at, home)
        if kinds[at] in {home, ""}:
            pass
        elif kinds[at] == "figures":
            marked[at] = _wrapped(marked[at], TO_RIGHT + FORCED, RELEASED + END)
        else:
            opening = TO_LEFT if home == "L" else TO_RIGHT
            marked[at] = _wrapped(marked[at], opening, "")
            marked[end - 1] = _wrapped(marked[end - 1], "", END)
        at = end
    mark = TO_LEFT if home == "R" else TO_RIGHT
    return [mark + marked[0], *marked[1:-1], marked[-1] + END] if len(marked) > 1 else [mark + marked[0] + END]


def _group(words: Sequence[str], kinds: Sequence[str], at: int, home: str) -> int:
    """Return where the words that belong together with the one at `at` end."""
    end = at + 1
    if kinds[at] in {home, "", "figures"}:
        return end
    while end < len(words) and kinds[end] not in {home, ""} and not _parts(words[end - 1])[2]:
        end += 1
    return end


def _kind(word: str) -> str:
    """Return "R" or "L" for the first letter that has a direction, "figures" for digits without any, else nothing."""
    for letter in word:
        direction = unicodedata.bidirectional(letter)
        if direction in {"L", "R", "AL"}:
            return direction[0].replace("A", "R")
    return "figures" if any(letter.isdigit() for letter in word) else ""


def _wrapped(word: str, opening: str, closing: str) -> str:
    before, core, after = _parts(word)
    return f"{before}{opening}{core}{closing}{after}"


def _parts(word: str) -> tuple[str, str, str]:
    found = CORE.match(word)
    assert found is not None  # noqa: S101 : narrows the type; the pattern matches any text
    before, core, after = found.groups()
    return before, core, after
