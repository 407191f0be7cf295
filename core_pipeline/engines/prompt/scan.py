"""Reads a model's raw text as it arrives: thinking and tags fall away, citations are taken out."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LABELS = r"p?\d{1,2}(?:\s*[,،;]\s*p?\d{1,2})*"
_TOKEN = re.compile(
    rf"<(?P<tag>[/A-Za-z|!][^<>\n]{{0,80}})>|[⟦【](?P<cited>[^⟦⟧【】\n]{{0,80}})[⟧】]"
    rf"|\[(?P<square>{_LABELS})\](?!\()|\((?P<round>p\d{{1,2}}(?:\s*[,،;]\s*p\d{{1,2}})*)\)"
)
# What may yet become a token with the next characters.
_BEGUN = re.compile(
    r"(?:<(?:[/A-Za-z|!][^<>\n]{0,80})?|[⟦【][^⟦⟧【】\n]{0,80}|\[[p\d\s,،;]{0,60}\]?|\([p\d\s,،;]{0,60})$"
)
_HIDDEN = frozenset({"think", "thinking", "thought", "reasoning", "tool_call", "tool_calls", "function_call"})
_LABEL = re.compile(r"\d+")


@dataclass(frozen=True)
class Mark:
    """A citation as the model wrote it: labels of passages ("p1"), which may not exist."""

    labels: tuple[str, ...]


class Scanner:
    """Splits the stream into words to say and marks; a token may come in any number of chunks."""

    def __init__(self) -> None:
        self._rest = ""
        self._until: str | None = None

    def feed(self, chunk: str) -> list[str | Mark]:
        """Take a chunk; return what can be told of it by now, in order."""
        self._rest += chunk
        found: list[str | Mark] = []
        while self._step(found):
            pass
        return found

    def flush(self) -> list[str | Mark]:
        """Return what was held back; an unfinished thought, tag or mark is dropped."""
        rest, self._rest = self._rest, ""
        return [rest] if rest and self._until is None and rest[0] not in "<⟦【" else []

    def _step(self, found: list[str | Mark]) -> bool:
        """Take one token off the rest; False when more must come first."""
        if self._until is not None:
            return self._skip(self._until)
        match = _TOKEN.search(self._rest)
        begun = _BEGUN.search(self._rest)
        if match and not (begun and begun.start() < match.start()):
            self._take(match, found)
            return True
        cut = begun.start() if begun else len(self._rest)
        if cut:
            found.append(self._rest[:cut])
        self._rest = self._rest[cut:]
        return False

    def _take(self, match: re.Match[str], found: list[str | Mark]) -> None:
        if match.start():
            found.append(self._rest[: match.start()])
        self._rest = self._rest[match.end() :]
        if match["tag"] is None:
            cited = match["cited"] or match["square"] or match["round"] or ""
            found.append(Mark(tuple(f"p{int(number)}" for number in _LABEL.findall(cited))))
        elif match["tag"].lower() in _HIDDEN:
            self._until = f"</{match['tag']}>"

    def _skip(self, end: str) -> bool:
        """Drop what is hidden, up to its end if that is there."""
        at = self._rest.find(end)
        self._rest = self._rest[at + len(end) :] if at >= 0 else self._rest[1 - len(end) :]
        self._until = None if at >= 0 else end
        return at >= 0
