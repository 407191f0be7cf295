"""The terms of a tenant's knowledge: how telling each is, and which of them a misspelt or Arabizi word may mean."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core_pipeline.arabic.analysis import Token, grams, is_cue, synonyms
from core_pipeline.arabic.arabizi import skeleton
from core_pipeline.knowledge.dialect import written_for

# Measured with bench/answers.py; see README.md of this room.
CUE_WEIGHT = 0.35
ALIKE = 0.6
ALIKE_AMONG_MANY = 0.7
JOINED = "وفبلك"
ONE_SLIP = 0.8
LONG_ENOUGH = 4
# The more words there are, the likelier a word has a neighbour by chance: from so many on, a slip needs longer words.
MANY, VERY_MANY = 2_000, 20_000
SOUNDS_ALIKE = 0.9
SAID = 0.9
MOST_SOUNDING = 6
_VOWELS = re.compile("[aeiouyw]+")


@dataclass(frozen=True)
class Counts:
    """What a section of the index holds: its pieces, in how many of them each term is, each spelling's term."""

    pieces: int
    terms: Mapping[str, int]
    words: Mapping[str, str]


class _Numbers:
    """The numbers that go with each key, in two sorted arrays: a tenth of the memory of sets in a dictionary."""

    def __init__(self, pairs: Iterable[tuple[str, int]]) -> None:
        keys, numbers = array("q"), array("q")
        for key, number in pairs:
            keys.append(hash(key))
            numbers.append(number)
        unsorted = np.array(keys, dtype=np.int64)
        order = np.argsort(unsorted, kind="stable")
        self._keys = unsorted[order]
        self._numbers = np.array(numbers, dtype=np.int64)[order]

    def of(self, keys: Iterable[str]) -> NDArray[np.int64]:
        """All numbers of these keys, one after the other; another key's only if their hashes agree."""
        wanted = np.array([hash(key) for key in keys], dtype=np.int64)
        starts = np.searchsorted(self._keys, wanted, side="left")
        ends = np.searchsorted(self._keys, wanted, side="right")
        runs = [self._numbers[start:end] for start, end in zip(starts, ends, strict=True) if end > start]
        return np.concatenate(runs) if runs else np.empty(0, dtype=np.int64)


def _deletions(word: str) -> set[str]:
    """The word and all it becomes by losing one letter: two words one slip apart share one of these."""
    if len(word) < LONG_ENOUGH or word.isdigit():
        return {word}
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


def _one_slip(mine: str, other: str) -> bool:
    """Whether two words that share a deletion differ by one letter more, less, other, or by two swapped."""
    if len(mine) != len(other):
        return True
    wrong = [i for i in range(len(mine)) if mine[i] != other[i]]
    swapped = len(wrong) == 2 and wrong[1] - wrong[0] == 1 and mine[wrong[0]] == other[wrong[1]]
    return len(wrong) == 1 or (swapped and mine[wrong[1]] == other[wrong[0]])


def _long_vowels(word: str) -> int:
    return sum(letter in "اوي" for letter in word[1:])


class Vocabulary:
    """What a section's words tell; built from its counts, and anew when they have changed."""

    def __init__(self, counts: Counts) -> None:
        self.pieces = counts.pieces
        self._seen = counts.terms
        self._size = counts.pieces + 1
        known = {each.word: each.term for each in synonyms() if each.term in self._seen}
        self._terms = known | dict(counts.words)
        self._words = list(self._terms)
        self._long_enough = LONG_ENOUGH + (len(self._words) > MANY) + (len(self._words) > VERY_MANY)
        self._alike = ALIKE_AMONG_MANY if len(self._words) > MANY else ALIKE

    def seen(self, term: str) -> int:
        """In how many pieces the term is."""
        return self._seen.get(term, 0)

    def weight(self, term: str) -> float:
        """How much a term tells: its inverse document frequency, less for words such as "when" and "how much"."""
        idf = math.log(1 + self._size / (1 + self.seen(term)))
        return idf * (CUE_WEIGHT if is_cue(term) else 1.0)

    def meanings(self, asked: Token) -> dict[str, float]:
        """Return the known terms that a word may stand for, each with its likeness in 0..1."""
        said = {term: SAID for term in written_for(asked.term) if self.seen(term)}
        return said | (self._spelt(asked) if not said or self.seen(asked.term) else {})

    def _spelt(self, asked: Token) -> dict[str, float]:
        if self.seen(asked.term):
            return {asked.term: 1.0}
        if asked.word[0] in JOINED and asked.word[1:] in self._terms:
            return {self._terms[asked.word[1:]]: 1.0}
        return self.kin(asked.word)

    def kin(self, word: str) -> dict[str, float]:
        """Return the known terms whose spelling resembles a word's: grams in common, or one slip of the finger."""
        if len(word) < self._long_enough or word.isdigit():
            return {}
        return self._resembling(word) | dict.fromkeys(self._one_slip_from(word), ONE_SLIP)

    def sounding(self, word: str) -> dict[str, float]:
        """Return the known terms with the consonants of an Arabizi word, a few where there are many.

        Those come first that have no more long vowels than the word has vowels, then those in the most pieces.
        """
        bones = skeleton(word)
        if len(bones) < 2:
            return {}
        same = {each for number in self._skeletons.of([bones]) if skeleton(each := self._words[number]) == bones}
        vowels = len(_VOWELS.findall(word))
        by_fit = sorted(same, key=lambda each: (_long_vowels(each) > vowels, -self.seen(self._terms[each]), each))
        return {self._terms[each]: SOUNDS_ALIKE for each in by_fit[:MOST_SOUNDING]}

    def _one_slip_from(self, word: str) -> set[str]:
        mine = _deletions(word)
        near = {self._words[number] for number in self._shortened.of(mine)}
        return {self._terms[other] for other in near if mine & _deletions(other) and _one_slip(word, other)}

    def _resembling(self, word: str) -> dict[str, float]:
        mine = frozenset(grams(word))
        numbers, shared = np.unique(self._grams.of(mine), return_counts=True)
        likeness = 2 * shared / (len(mine) + self._lengths[numbers])
        near = sorted((float(likeness[i]), self._words[numbers[i]]) for i in np.flatnonzero(likeness >= self._alike))
        return {self._terms[other]: value for value, other in near}

    @cached_property
    def _lengths(self) -> NDArray[np.int64]:
        return np.array([len(grams(word)) for word in self._words], dtype=np.int64)

    @cached_property
    def _grams(self) -> _Numbers:
        return _Numbers((gram, number) for number, word in enumerate(self._words) for gram in set(grams(word)))

    @cached_property
    def _shortened(self) -> _Numbers:
        return _Numbers((key, number) for number, word in enumerate(self._words) for key in _deletions(word))

    @cached_property
    def _skeletons(self) -> _Numbers:
        return _Numbers(self._bones())

    def _bones(self) -> Iterator[tuple[str, int]]:
        for number, word in enumerate(self._words):
            if bones := skeleton(word):
                yield bones, number
