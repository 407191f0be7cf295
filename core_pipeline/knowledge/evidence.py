"""How surely an entry answers a question: the share of the question's meaning that the entry's wording covers."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core_pipeline.arabic.analysis import Token, is_cue
from core_pipeline.knowledge.vocabulary import Vocabulary

# Measured with bench/answers.py; see README.md of this room.
ANSWER_WEIGHT = 0.5
ELSEWHERE = 0.85
QUERY_SHARE = 0.65
UNKNOWN = 1.2
UNKNOWN_VERB = 0.7
EVEN, STEEPNESS = 0.385, 9.0


@dataclass(frozen=True)
class Wording:
    """The terms of each way to ask an entry, of all of them, and of its answer."""

    ways: tuple[frozenset[str], ...]
    asked: frozenset[str]
    answer: frozenset[str]


def wording(asked: str, told: str) -> Wording:
    """Read a wording as the index keeps it: a line of terms for each way to ask."""
    ways = tuple(dict.fromkeys(frozenset(line.split()) for line in asked.split("\n") if line))
    return Wording(ways, frozenset(asked.split()), frozenset(told.split()))


@dataclass(frozen=True)
class Clue:
    """One term of a question: what it weighs, which known terms it may stand for, and which are spelt like it.

    `vague` says that it only names the kind of answer wanted (where, when, how much).
    """

    weight: float
    meanings: dict[str, float]
    kin: dict[str, float]
    vague: bool = False

    def found_in(self, known: Collection[str]) -> float:
        """How well the best meaning of this clue is among `known`."""
        return max((likeness for term, likeness in self.meanings.items() if term in known), default=0.0)


def clues(question: Sequence[Token], vocabulary: Vocabulary, *, arabizi: bool) -> list[Clue]:
    """Weigh the words of a question; one that no entry knows weighs most: the question is about something else."""
    found = []
    for asked in {each.term: each for each in question}.values():
        meanings = vocabulary.meanings(asked) or (vocabulary.sounding(asked.word) if arabizi else {})
        if meanings:
            weight = vocabulary.weight(max(meanings, key=meanings.__getitem__))
        else:
            weight = vocabulary.weight(asked.term) * (UNKNOWN_VERB if asked.verbal else UNKNOWN)
        kin = vocabulary.kin(asked.word) if asked.term in meanings else {}
        found.append(Clue(weight, meanings, kin, is_cue(asked.term)))
    return found


def _way_score(asked: Sequence[Clue], way: frozenset[str], entry: Wording, vocabulary: Vocabulary) -> float:
    total = sum(clue.weight for clue in asked)
    covered = sum(
        clue.weight
        * max(clue.found_in(way), ELSEWHERE * clue.found_in(entry.asked), ANSWER_WEIGHT * clue.found_in(entry.answer))
        for clue in asked
    )
    wanted = sum(vocabulary.weight(term) for term in way)
    met = {term for clue in asked for term in clue.meanings if term in way}
    returned = sum(vocabulary.weight(term) for term in met) / wanted if wanted else 0.0
    return covered / total * (QUERY_SHARE + (1 - QUERY_SHARE) * returned)


def logistic(covered: float, even: float, steepness: float) -> float:
    """Return in 0..1 how sure a coverage makes us; one half at `even`, nothing for none."""
    return 1 / (1 + math.exp((even - covered) * steepness)) if covered else 0.0


def score(asked: Sequence[Clue], entry: Wording, vocabulary: Vocabulary) -> float:
    """Return in 0..1 how surely the entry answers: one half where its best way of asking covers just enough."""
    if not asked:
        return 0.0
    covered = max((_way_score(asked, way, entry, vocabulary) for way in entry.ways), default=0.0)
    return logistic(covered, EVEN, STEEPNESS)
