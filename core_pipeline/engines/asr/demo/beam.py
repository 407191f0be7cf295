"""Searches the best sentence of a CTC network, leaning a little towards the words it was trained on.

Prefix beam search (Hannun 2014). A finished word that the network knows is worth `_KNOWN` (natural logarithm), another
one costs as much; that settles doubtful letters and word boundaries and still lets new words through.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import exp, inf, log1p

import numpy as np
from numpy.typing import NDArray

BLANK = 0
GOES_ON = "@@"
_WIDTH = 8
_KNOWN = 1.0
_LEAST_LOG_POSTERIOR = -6.0

Prefix = tuple[int, ...]


@dataclass
class _Hypothesis:
    """Log chances of a prefix that ends in a blank or in a letter, its unfinished word and what its words are worth."""

    word: str
    worth: float
    blank: float = -inf
    letter: float = -inf

    @property
    def acoustic(self) -> float:
        return _either(self.blank, self.letter)

    @property
    def total(self) -> float:
        return self.acoustic + self.worth


class Beam:
    """The search with its tokens and known words."""

    def __init__(self, tokens: Sequence[str], known: Collection[str]) -> None:
        self._tokens, self._known = tokens, known

    def best(self, log_posteriors: NDArray[np.float32]) -> Prefix:
        """Return the token numbers of the best sentence; `log_posteriors` is (frames, tokens)."""
        beam: dict[Prefix, _Hypothesis] = {(): _Hypothesis("", 0.0, blank=0.0)}
        for frame in log_posteriors:
            likely = np.flatnonzero(frame > _LEAST_LOG_POSTERIOR).tolist()
            beam = self._step(beam, {number: float(frame[number]) for number in likely})
        return next(iter(beam), ())

    def _step(self, beam: dict[Prefix, _Hypothesis], frame: dict[int, float]) -> dict[Prefix, _Hypothesis]:
        grown: dict[Prefix, _Hypothesis] = {}
        for prefix, old in beam.items():
            same = grown.setdefault(prefix, _Hypothesis(old.word, old.worth))
            for number, chance in frame.items():
                if number == BLANK:
                    same.blank = _either(same.blank, old.acoustic + chance)
                    continue
                longer = grown.setdefault((*prefix, number), self._extended(old, number))
                if prefix[-1:] == (number,):  # held on, or said again after a blank
                    same.letter = _either(same.letter, old.letter + chance)
                    longer.letter = _either(longer.letter, old.blank + chance)
                else:
                    longer.letter = _either(longer.letter, old.acoustic + chance)
        ranked = sorted(grown.items(), key=lambda item: item[1].total, reverse=True)
        return dict(ranked[:_WIDTH])

    def _extended(self, old: _Hypothesis, number: int) -> _Hypothesis:
        token = self._tokens[number]
        if token.endswith(GOES_ON):
            return _Hypothesis(old.word + token.removesuffix(GOES_ON), old.worth)
        worth = _KNOWN if old.word + token in self._known else -_KNOWN
        return _Hypothesis("", old.worth + worth)


def _either(one: float, other: float) -> float:
    """Add two chances given as logarithms."""
    high, low = (one, other) if one >= other else (other, one)
    return high if low == -inf else high + log1p(exp(low - high))
