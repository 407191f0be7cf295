"""How alike two questions are, where a wrong answer is worse than none: content never yields to likeness."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from core_pipeline.answers.questions import folded
from core_pipeline.arabic.analysis import grams, token, words
from core_pipeline.arabic.arabizi import is_arabizi
from core_pipeline.arabic.lexicon import SAME_WORD
from core_pipeline.arabic.normalise import normalise

_HARMLESS = folded("harmless")
_SIGNS = re.compile(r"[\s.,:()]")
# A dual is a figure: a table "for a person" is none "for two".
_DUAL = re.compile(r"[\u0621-\u064a]{3,}(?:ين|ان)")
_SAME_CONTENT = 0.5


def likeness(one: str, other: str) -> float:
    """Return 1 for the same spelling, 0 where any word that matters differs, between 0.5 and 1 by wording otherwise.

    What matters is every word but the harmless ones: names, figures, negations, days, what is asked. Dialects' words
    for one meaning count as the same word; words that the lexicon does not know must come in the same order.
    """
    if one == other:
        return 1.0
    mine, theirs = _content(one), _content(other)
    if mine is None or mine != theirs:
        return 0.0
    return _SAME_CONTENT + (1 - _SAME_CONTENT) * _overlap(_letters(one), _letters(other))


@lru_cache(maxsize=8192)
def _content(text: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """All words that matter, sorted, and those that the lexicon does not know, in order; None when we can't tell."""
    found = words(text)
    if is_arabizi(text) or "".join(found) != _SIGNS.sub("", normalise(text)):
        return None
    terms = [_term(word) for word in found if word not in _HARMLESS]
    return tuple(sorted({term for term, _ in terms})), tuple(term for term, known in terms if not known)


def _term(word: str) -> tuple[str, bool]:
    """What a word counts as, and whether the lexicon knows it; others are not stemmed: five would become fifty."""
    each = token(word)
    known = (word in SAME_WORD or each.word in SAME_WORD) and not _DUAL.fullmatch(word)
    return (each.term if known else each.word), known


@lru_cache(maxsize=8192)
def _letters(text: str) -> Counter[str]:
    return Counter(gram for word in words(text) for gram in grams(word))


def _overlap(one: Counter[str], other: Counter[str]) -> float:
    return 2 * (one & other).total() / (one.total() + other.total())
