"""Which dialect of Arabic a customer's words are, as far as single words tell."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path

from core_pipeline.arabic.arabizi import is_arabizi
from core_pipeline.arabic.normalise import normalise

_LISTS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_WORD = re.compile("[\u0621-\u064a]+")
DIALECTS = tuple(_LISTS)
ARABIZI, STANDARD = "arabizi", "standard"


def _weights() -> dict[str, Counter[str]]:
    """What each word says for each dialect: less, the more dialects share it."""
    by_dialect = {name: set(normalise(words).split()) for name, words in _LISTS.items()}
    shared = Counter(word for words in by_dialect.values() for word in words)
    found: dict[str, Counter[str]] = {}
    for name, words in by_dialect.items():
        for word in words:
            found.setdefault(word, Counter())[name] = 12 // shared[word]
    return found


_TELLS = _weights()


def dialect_of(text: str) -> str | None:
    """One of `DIALECTS`, "arabizi" for Latin letters, "standard" where no word tells; None for what is no Arabic."""
    said = normalise(text)
    words = _WORD.findall(said)
    if not words:
        return ARABIZI if is_arabizi(said) else None
    told: Counter[str] = Counter()
    for word in words:
        told.update(_TELLS.get(word, Counter()))
    best = told.most_common(2)
    if not best or (len(best) > 1 and best[0][1] == best[1][1]):
        return STANDARD if not best else None
    return best[0][0]
