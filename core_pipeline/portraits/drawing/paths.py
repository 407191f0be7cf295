"""Paths of a drawing: whether one is written as it must be, and whether it can be bent."""

from __future__ import annotations

import re
from collections.abc import Iterator

MOST_PLACE = 4_000.0
_TAKES = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7, "Z": 0}
_BENDABLE = frozenset("MLCQZ")
_COMMAND = re.compile(r"\s*([MmLlHhVvCcSsQqTtAaZz])\s*")
_NUMBER = re.compile(r"\s*,?\s*([+-]?(?:[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})(?:[eE][+-]?[0-9])?)")
_FLAG = re.compile(r"\s*,?\s*([01])")
_FLAGS = (3, 4)


def is_path(text: str) -> bool:
    """Whether the text is a path that begins with a move, every command with all its numbers, none of them huge."""
    commands = list(_commands(text.rstrip()))
    return bool(commands) and commands[0] in {"M", "m"} and "" not in commands


def is_bendable(text: str) -> bool:
    """Whether a path has absolute M, C, L, Q and Z only, so that its points can be moved one by one."""
    return is_path(text) and set(_commands(text.rstrip())) <= _BENDABLE


def _commands(text: str) -> Iterator[str]:
    """Yield the letter of each command; an empty one where the text is no path any more, and nothing after it."""
    place = 0
    while place < len(text):
        met = _COMMAND.match(text, place)
        end = _after(text, met.end(), met[1]) if met else None
        if met is None or end is None:
            yield ""
            return
        yield met[1]
        place = end


def _after(text: str, place: int, command: str) -> int | None:
    """Where the command's numbers end: as often as many of them as it takes, at least once; None if some lack."""
    takes, count = _TAKES[command.upper()], 0
    if not takes:
        return place
    while True:
        is_flag = command in {"A", "a"} and count % takes in _FLAGS
        met = (_FLAG if is_flag else _NUMBER).match(text, place)
        if met is None:
            return place if count and count % takes == 0 else None
        if abs(float(met[1])) > MOST_PLACE:
            return None
        place, count = met.end(), count + 1
