"""Whether somebody who paused has finished: what the words that were understood so far say about it."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

from core_pipeline.arabic.normalise import normalise

LONGER = 0.7
NUMBERS = 1.2
_WORD = re.compile(r"[^\W_]+")
_OPEN_END = re.compile(r"[,،:؛\-–—]\s*$|(?:\.\.\.|…)\s*$")
_LEAST_NUMBERS = 2


@cache
def _lists() -> dict[str, frozenset[str]]:
    """The words of `endings.toml` as search compares them."""
    raw = tomllib.loads(Path(__file__).with_name("endings.toml").read_text(encoding="utf-8"))
    return {name: frozenset(normalise(word) for word in words) for name, words in raw.items()}


def patience(text: str, pause: float) -> float:
    """Return the seconds of silence after which somebody who has said this has finished, at least `pause`."""
    words = _WORD.findall(normalise(text))
    if not words:
        return pause
    if _dictates(words):
        return max(pause, NUMBERS)
    if words[-1] in _lists()["unfinished"] or _OPEN_END.search(text):
        return pause + LONGER
    return pause


def _dictates(words: list[str]) -> bool:
    """Whether the last words are figures one after the other."""
    numbers = _lists()["numbers"]
    count = 0
    for word in reversed(words):
        if word.isdigit():
            count += min(len(word), _LEAST_NUMBERS)
        elif word in numbers or word.removeprefix("و") in numbers:
            count += 1
        else:
            break
    return count >= _LEAST_NUMBERS
