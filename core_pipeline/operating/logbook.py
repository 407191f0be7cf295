"""What this machine's processes wrote about themselves lately, newest first; no customer's words are in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "logs"
# Enough of each file's end for the lines that are shown.
TAIL_BYTES = 256 << 10
MOST_LINES = 200
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True)
class Line:
    """One line: `at` in ISO form, `process` the name of the file it is from."""

    at: str
    level: str
    name: str
    text: str
    process: str


def latest(var: Path, least: str = "INFO", words: str = "") -> list[Line]:
    """The newest lines of this level and above that hold these words, of all processes on this machine."""
    wanted = LEVELS[LEVELS.index(least) :] if least in LEVELS else LEVELS
    found = [line for file in (var / FOLDER).glob("*.jsonl") for line in _lines(file)]
    fitting = [one for one in found if one.level in wanted and words.lower() in f"{one.name} {one.text}".lower()]
    return sorted(fitting, key=lambda line: line.at, reverse=True)[:MOST_LINES]


def _lines(file: Path) -> list[Line]:
    try:
        with file.open("rb") as opened:
            opened.seek(0, 2)
            opened.seek(max(0, opened.tell() - TAIL_BYTES))
            raw = opened.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:  # cleared away since it was listed
        return []
    return [line for one in raw if (line := _read(one, file.stem)) is not None]


def _read(raw: str, process: str) -> Line | None:
    """The line, or None for the first one, of which only the end was read."""
    try:
        told = json.loads(raw)
        return Line(str(told["at"]), str(told["level"]), str(told["name"]), str(told["text"]), process)
    except (ValueError, KeyError, TypeError):
        return None
