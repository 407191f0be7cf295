"""From a model's raw text to the pieces of an answer: sentences to say and the passages that they rest on."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from core_pipeline.arabic.sentences import Sentences
from core_pipeline.contracts.engines import Cited
from core_pipeline.engines.prompt.leak import LeakGuard
from core_pipeline.engines.prompt.messages import Prompt
from core_pipeline.engines.prompt.plain import plain
from core_pipeline.engines.prompt.rules import reminder, system, unknown_phrase
from core_pipeline.engines.prompt.scan import Mark, Scanner

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core_pipeline.contracts.engines import Ask, Piece

# How far an answer may run over the wished length before it is ended.
_PATIENCE = 1.25
# A line that ends without punctuation becomes a sentence, so that the voice pauses.
_LINE_END = re.compile(r"(?<=[^\W_])[ \t]*[*_`]*[ \t]*\n")


class Spoken:
    """Reads one answer; `done` once nothing more of it may be said, `empty` while nothing was."""

    def __init__(self, ask: Ask, given: Prompt) -> None:
        self._sayable = sayable(ask)
        rules = [system(replace(ask, persona=""), given.nonce), reminder(ask)]
        self._guard = LeakGuard(rules, ask.persona, given.nonce, [self._sayable])
        self._labels, self._longest, self._unknown = given.labels, ask.longest, unknown_phrase(ask)
        self._scanner, self._sentences = Scanner(), Sentences()
        self._cited: list[Cited] = []
        self._said = 0
        self._line = ""
        self.done = False
        self.cut = False

    @property
    def empty(self) -> bool:
        """Whether nothing was said yet."""
        return not self._said

    def feed(self, chunk: str) -> list[Piece]:
        """Take a chunk of raw text; return the pieces that are complete by now."""
        return [piece for event in self._scanner.feed(chunk) for piece in self._take(event)]

    def finish(self) -> list[Piece]:
        """Return what was still waiting at the end."""
        pieces = [piece for event in self._scanner.flush() for piece in self._take(event)]
        pieces += self._say([*self._sentences.feed(self._line), *self._sentences.flush()])
        self._line = ""
        return pieces + self._cite()

    def _take(self, event: str | Mark) -> list[Piece]:
        if self.done:
            return []
        if isinstance(event, Mark):
            return self._mark(event)
        lines = _LINE_END.sub(".\n", self._line + event)
        # The last word waits: only what follows it tells whether it ends a line.
        self._line = lines[len(lines.rstrip(" \t*_`")) - 1 :] if lines.strip() else lines
        ready = lines[: len(lines) - len(self._line)]
        return self._say(self._sentences.feed(ready))

    def _mark(self, mark: Mark) -> list[Piece]:
        known = tuple(dict.fromkeys(self._labels[label] for label in mark.labels if label in self._labels))
        if known:
            self._cited.append(Cited(known))
        waiting = self._sentences.waiting.strip() or self._line.strip()
        return [] if waiting else self._cite()

    def _cite(self) -> list[Piece]:
        cited, self._cited = self._cited, []
        return list(cited) if self._said and not self.cut else []

    def _say(self, sentences: Iterable[str]) -> list[Piece]:
        pieces: list[Piece] = []
        for sentence in sentences:
            pieces += [] if self.done else self._one(sentence)
        return pieces

    def _one(self, sentence: str) -> list[Piece]:
        # Watched before the markup goes: that is the text which the model wrote.
        if self._guard.leaks(sentence):
            self.done = self.cut = True
            return [self._spaced(self._unknown)]
        words = sentence if sentence == self._unknown else plain(sentence, self._sayable)
        if not words:
            return []
        if self._said and self._said + len(words) > _PATIENCE * self._longest:
            self.done = True
            return []
        return [self._spaced(words), *self._cite()]

    def _spaced(self, words: str) -> str:
        spaced = f" {words}" if self._said else words
        self._said += len(spaced)
        return spaced


def sayable(ask: Ask) -> str:
    """Return everything that the business lets be said word for word."""
    told = [text for p in ask.passages for text in (p.question, p.answer, p.extract, p.source)]
    results = [result.content for result in ask.results]
    return "\n".join([ask.business, *told, *results, *ask.phrases.values(), unknown_phrase(ask)])
