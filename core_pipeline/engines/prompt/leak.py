"""Notices when a model recites what it was told to keep to itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from core_pipeline.arabic.normalise import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable

# In letters and digits alone. A bot may well introduce itself in the words of its persona, so that has more room.
RULES_WINDOW, PERSONA_WINDOW = 40, 80
_BLOB, _BLOB_LETTERS = re.compile(r"[A-Za-z0-9+/=_-]{40,}"), 30


def bare(text: str) -> str:
    """Return the letters and digits of `text` in one spelling, nothing between them."""
    return "".join(sign for sign in normalise(text) if sign.isalnum())


def _windows(text: str, length: int) -> set[str]:
    return {text[at : at + length] for at in range(len(text) - length + 1)}


def _recited(texts: Iterable[str], allowed: str, length: int) -> frozenset[str]:
    """Every stretch of the texts, forwards and backwards, that does not also stand in what may be said."""
    secret = [bare(text) for text in texts]
    told = {window for text in secret for way in (text, text[::-1]) for window in _windows(way, length)}
    return frozenset(told - _windows(allowed, length))


class LeakGuard:
    """Watches one answer: no longer stretch of `rules` or `persona`, not the `nonce`, no encoded blob.

    What also stands in `sayable` (passages, results, phrases) may be said. Spacing, case, punctuation, vowel marks and
    reading backwards make no difference; a translation or a retelling is not noticed.
    """

    def __init__(self, rules: Iterable[str], persona: str, nonce: str, sayable: Iterable[str]) -> None:
        self._sayable = "\n".join(sayable)
        allowed = bare(self._sayable)
        self._stretches = {
            RULES_WINDOW: _recited(rules, allowed, RULES_WINDOW),
            PERSONA_WINDOW: _recited([persona], allowed, PERSONA_WINDOW),
        }
        self._nonce = bare(nonce)
        self._said = ""

    def leaks(self, sentence: str) -> bool:
        """Whether the answer would give something away once this sentence is said after the earlier ones."""
        told = self._said + bare(sentence)
        self._said = told[1 - PERSONA_WINDOW :]
        return (
            any(map(self._encoded, _BLOB.findall(sentence)))
            or self._nonce in told
            or any(map(self._recites, self._stretches, [told] * 2))
        )

    def _encoded(self, word: str) -> bool:
        """Whether a very long word is no rule across the page and stands nowhere in what may be said."""
        return len(bare(word)) >= _BLOB_LETTERS and word not in self._sayable

    def _recites(self, length: int, told: str) -> bool:
        stretches = self._stretches[length]
        return any(told[at : at + length] in stretches for at in range(len(told) - length + 1))
