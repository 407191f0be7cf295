"""What tells that Arabic words were stored back to front."""

from __future__ import annotations

import re
from collections.abc import Iterable

from core_pipeline.arabic.lexicon import SAME_WORD, STOP_WORDS
from core_pipeline.arabic.normalise import normalise
from core_pipeline.knowledge.documents.mending.letters import PLACE

_WORD = re.compile("[\u0621-\u064a\ufb50-\ufdff\ufe70-\ufefc]+")
_ARTICLE = ("ال", "وال", "بال", "فال", "كال", "لل", "ولل")
_SHORTEST, _LONG = 3, 5
_KNOWN = {word for word in (*STOP_WORDS, *SAME_WORD) if len(word) >= _SHORTEST}
_FORM_WEIGHT = 3
ENOUGH, SHARE = 3, 0.12


def leaning(text: str) -> int:
    """Return how much speaks for the words being stored as read (above 0) or back to front (below 0)."""
    return sum(_of_forms(word) or _of_letters(word) for word in _WORD.findall(text))


def _of_forms(word: str) -> int:
    """Forms for the end of a word at its beginning, or the other way round: sure signs."""
    first, last = PLACE.get(word[0], ""), PLACE.get(word[-1], "")
    straight = (first == "<initial>") + (last == "<final>")
    return _FORM_WEIGHT * (straight - (first == "<final>") - (last == "<initial>")) if len(word) > 1 else 0


def _of_letters(word: str) -> int:
    if len(word) < _SHORTEST:
        return 0
    backwards = word[::-1]
    folded = normalise(word)
    known = (folded in _KNOWN) - (folded[::-1] in _KNOWN)
    endings = 2 * ((word[-1] in "ةى") - (word[0] in "ةىء"))
    article = word.startswith(_ARTICLE) - backwards.startswith(_ARTICLE) if len(word) >= _LONG else 0
    return known + endings + article


def backwards(texts: Iterable[str]) -> bool:
    """Whether these lines, taken together, are stored back to front; few or contradicting signs say no."""
    words, score = 0, 0
    for text in texts:
        words += len(_WORD.findall(text))
        score += leaning(text)
    return score <= -ENOUGH and -score >= SHARE * words
