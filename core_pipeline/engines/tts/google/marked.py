"""Texts with a mark before every word, and what comes back: when each mark was passed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Any

from core_pipeline.contracts.engines import Word

_UNSPEAKABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff]")  # XML has no way to write them


def ssml(words: Sequence[str]) -> str:
    """Return the words as SSML with the marks 0…n; the last one is the end."""
    marked = " ".join(f'<mark name="{index}"/>{escape(_plain(word))}' for index, word in enumerate(words))
    return f'<speak>{marked}<mark name="{len(words)}"/></speak>'


def spoken(words: Sequence[str], timepoints: object, offset: float, seconds: float) -> tuple[Word, ...]:
    """Return the words whose marks were passed; a word lasts to the next mark that was, the last one to the end.

    Times count from the start of the saying, of which `offset` seconds are past; the sentence has `seconds`.
    """
    times = dict(sorted(_times(timepoints, len(words), seconds).items()))
    times.setdefault(len(words), seconds)
    if list(times.values()) != sorted(times.values()):
        return ()
    return tuple(
        Word(words[index], offset + start, offset + end) for (index, start), (_, end) in pairwise(times.items())
    )


def _times(timepoints: object, last: int, seconds: float) -> dict[int, float]:
    found: dict[int, float] = {}
    for point in timepoints if isinstance(timepoints, list) else []:
        name, time = _read(point)
        if name is not None and 0 <= name <= last and 0 <= time <= seconds + 0.5:
            found.setdefault(name, min(time, seconds))
    return found


def _read(point: Any) -> tuple[int | None, float]:
    try:
        return int(point["markName"]), float(point.get("timeSeconds", 0.0))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None, 0.0


def _plain(word: str) -> str:
    return _UNSPEAKABLE.sub("", word)
