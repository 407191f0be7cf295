"""Counts what a recogniser got wrong."""

from __future__ import annotations

from collections.abc import Sequence


def errors(heard: Sequence[str], said: Sequence[str]) -> int:
    """Return the fewest insertions, deletions and replacements (letters of strings, words of lists)."""
    row = list(range(len(said) + 1))
    for index, one in enumerate(heard, 1):
        diagonal, row[0] = row[0], index
        for place, other in enumerate(said, 1):
            diagonal, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, diagonal + (one != other))
    return row[-1]
