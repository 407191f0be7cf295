"""How surely an entry answers a question: the share of the question's meaning that the entry's wording covers."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core_pipeline.arabic.analysis import Token, grams, is_cue, synonyms, tokens
from core_pipeline.arabic.arabizi import skeleton
from core_pipeline.knowledge.entries import Entry

# Measured with bench/answers.py; see README.md of this room.
CUE_WEIGHT = 0.35
ANSWER_WEIGHT = 0.5
ELSEWHERE = 0.85
ALIKE = 0.6
QUERY_SHARE = 0.65
UNKNOWN = 1.2
UNKNOWN_VERB = 0.7
EVEN, STEEPNESS = 0.385, 9.0
JOINED = "وفبلك"
ONE_SLIP = 0.8
LONG_ENOUGH = 4
SOUNDS_ALIKE = 0.9


@dataclass(frozen=True)
class Wording:
    """An entry analysed: the terms of each way to ask it and of its answer, all asked terms and words."""

    ways: tuple[frozenset[str], ...]
    answer: frozenset[str]
    asked: tuple[str, ...]
    written: tuple[Token, ...]


def wording(entry: Entry) -> Wording:
    """Analyse an entry once, when its index is built."""
    ways = [tokens(way) for way in (entry.question, *entry.alternatives)]
    answer = tokens(entry.answer)
    sets = (frozenset(each.term for each in way) for way in ways)
    asked = [each for way in ways for each in way]
    return Wording(
        ways=tuple(dict.fromkeys(way for way in sets if way)),
        answer=frozenset(each.term for each in answer),
        asked=tuple(each.term for each in asked),
        written=tuple(asked),
    )


def _deletions(term: str) -> set[str]:
    """The term and all it becomes by losing one letter: two terms one slip apart share one of these."""
    if len(term) < LONG_ENOUGH or term.isdigit():
        return {term}
    return {term, *(term[:i] + term[i + 1 :] for i in range(len(term)))}


def _one_slip(mine: str, other: str) -> bool:
    """Whether two words that share a deletion differ by one letter more, less, other, or by two swapped."""
    if len(mine) != len(other):
        return True
    wrong = [i for i in range(len(mine)) if mine[i] != other[i]]
    swapped = len(wrong) == 2 and wrong[1] - wrong[0] == 1 and mine[wrong[0]] == other[wrong[1]]
    return len(wrong) == 1 or (swapped and mine[wrong[1]] == other[wrong[0]])


class Vocabulary:
    """The terms of all entries: how telling each is, and which of them a misspelt word may mean."""

    def __init__(self, wordings: Sequence[Wording]) -> None:
        self._seen = Counter(term for each in wordings for term in each.answer.union(*each.ways))
        self._size = len(wordings) + 1
        self._by_gram: defaultdict[str, set[str]] = defaultdict(set)
        self._by_deletion: defaultdict[str, set[str]] = defaultdict(set)
        self._by_skeleton: defaultdict[str, set[str]] = defaultdict(set)
        asked = (each for known in wordings for each in known.written)
        self._terms = {each.word: each.term for each in (*synonyms(), *asked) if each.term in self._seen}
        for word, term in self._terms.items():
            self._by_skeleton[skeleton(word)].add(term)
            for gram in grams(word):
                self._by_gram[gram].add(word)
            for shorter in _deletions(word):
                self._by_deletion[shorter].add(word)

    def weight(self, term: str) -> float:
        """How much a term tells: its inverse document frequency, less for words such as "when" and "how much"."""
        idf = math.log(1 + self._size / (1 + self._seen[term]))
        return idf * (CUE_WEIGHT if is_cue(term) else 1.0)

    def meanings(self, asked: Token) -> dict[str, float]:
        """Return the known terms that a word may stand for, each with its likeness in 0..1."""
        if asked.term in self._seen:
            return {asked.term: 1.0}
        if asked.word[0] in JOINED and asked.word[1:] in self._terms:
            return {self._terms[asked.word[1:]]: 1.0}
        if len(asked.word) < LONG_ENOUGH or asked.word.isdigit():
            return {}
        return self._resembling(asked.word) | dict.fromkeys(self._one_slip_from(asked.word), ONE_SLIP)

    def _one_slip_from(self, word: str) -> set[str]:
        near = (self._by_deletion.get(shorter, set()) for shorter in _deletions(word))
        return {self._terms[other] for others in near for other in others if _one_slip(word, other)}

    def _resembling(self, word: str) -> dict[str, float]:
        mine = frozenset(grams(word))
        shared = Counter(other for gram in mine for other in self._by_gram.get(gram, ()))
        likeness = {other: 2 * n / (len(mine) + len(grams(other))) for other, n in shared.items()}
        near = sorted((value, other) for other, value in likeness.items() if value >= ALIKE)
        return {self._terms[other]: value for value, other in near}

    def sounding(self, word: str) -> dict[str, float]:
        """Return the known terms with the consonants of an Arabizi word."""
        bones = skeleton(word)
        return dict.fromkeys(self._by_skeleton.get(bones, ()), SOUNDS_ALIKE) if len(bones) > 1 else {}


@dataclass(frozen=True)
class Clue:
    """One term of a question: what it weighs and which known terms it may stand for."""

    weight: float
    meanings: dict[str, float]

    def found_in(self, known: Iterable[str]) -> float:
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
        found.append(Clue(weight, meanings))
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


def score(asked: Sequence[Clue], entry: Wording, vocabulary: Vocabulary) -> float:
    """Return in 0..1 how surely the entry answers: one half where its best way of asking covers just enough."""
    if not asked:
        return 0.0
    covered = max((_way_score(asked, way, entry, vocabulary) for way in entry.ways), default=0.0)
    return 1 / (1 + math.exp((EVEN - covered) * STEEPNESS)) if covered else 0.0
