"""How surely a piece of a document answers a question, and which of its sentences do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core_pipeline.arabic.analysis import Token, terms, tokens
from core_pipeline.arabic.money import AFTER, BEFORE
from core_pipeline.arabic.normalise import latin_digits
from core_pipeline.arabic.sentences import Sentences
from core_pipeline.knowledge.evidence import Clue, logistic

# Measured with bench/search.py; see README.md of this room.
HEADLINE = 0.8
NEARBY = 0.5
KIN = 0.8
LONGER = 0.03
MOST_SENTENCES = 3
EVEN, STEEPNESS = 0.58, 12.0
_CLOCK = re.compile(r"\d{1,2}[:.]\d\d\b|\b\d{1,2} ?(?:[ap]\.?m\b|صباح|مساء|ظهر|عصر|ليل|ص\b|م\b)|الساعة \w")
_PRICED = tuple(terms("سعر price"))
_TIMED = tuple(terms("متى ساعة when hour"))


def sentences(text: str) -> list[str]:
    """Cut a text as the index does: lines and sentences, long ones at a pause."""
    cutter = Sentences(longest=300)
    return [*cutter.feed(text), *cutter.flush()]


def sentence_tokens(sentence: str) -> list[Token]:
    """Return a sentence's tokens; an amount of money also answers "how much", a time of day "when"."""
    found = tokens(sentence)
    if any(each.term.isdigit() for each in found) or "الساعة" in sentence:
        plain = latin_digits(sentence)
        if AFTER.search(plain) or BEFORE.search(plain):
            found += [Token(term, term) for term in _PRICED]
        if _CLOCK.search(plain):
            found += [Token(term, term) for term in _TIMED]
    return found


@dataclass(frozen=True)
class Finding:
    """How surely a text answers, in 0..1, and its sentences `first` to before `end` that do."""

    sure: float
    first: int = 0
    end: int = 0


def find(asked: Sequence[Clue], headline: str, told: str) -> Finding:
    """Score the best one to three sentences in a row; the headline and the rest of the text count for less.

    A question that says nothing but "how much" is answered by every price, that is by none.
    """
    total = sum(clue.weight for clue in asked)
    if all(clue.vague for clue in asked):
        return Finding(0.0)
    lines = [frozenset(line.split()) for line in told.split("\n")]
    heads = frozenset(headline.split())
    rows = [_row(clue, heads, lines) for clue in asked if clue.meanings]
    best, place = 0.0, (0, 1)
    for length in range(1, min(MOST_SENTENCES, len(lines)) + 1):
        for first in range(len(lines) - length + 1):
            covered = sum(row.covered(first, first + length) for row in rows) / total - LONGER * (length - 1)
            if covered > best:
                best, place = covered, (first, first + length)
    return Finding(logistic(best, EVEN, STEEPNESS), *place)


@dataclass(frozen=True)
class _Row:
    """One clue against a text: its weight, how well each sentence has it, and what it is worth elsewhere."""

    weight: float
    found: list[float]
    elsewhere: float

    def covered(self, first: int, end: int) -> float:
        return self.weight * max(self.elsewhere, *self.found[first:end])


def _row(clue: Clue, heads: frozenset[str], lines: Sequence[frozenset[str]]) -> _Row:
    terms = {term: KIN * likeness for term, likeness in clue.kin.items()} | clue.meanings
    found = [_best(terms, line) for line in lines]
    return _Row(clue.weight, found, max(HEADLINE * _best(terms, heads), NEARBY * max(found)))


def _best(terms: Mapping[str, float], known: frozenset[str]) -> float:
    return max((likeness for term, likeness in terms.items() if term in known), default=0.0)
