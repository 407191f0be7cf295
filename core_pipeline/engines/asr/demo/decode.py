"""Reads words, their times and how sure they are from the frames of a CTC network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core_pipeline.engines.asr.demo.features import FRAME_SECONDS

BLANK = 0
_GOES_ON = "@@"


@dataclass(frozen=True)
class HeardWord:
    """A word with its frames (`last` excluded) and the posterior of each of its letters."""

    text: str
    first: int
    last: int
    posteriors: tuple[float, ...]

    @property
    def start(self) -> float:
        """Seconds from the first frame."""
        return self.first * FRAME_SECONDS

    @property
    def end(self) -> float:
        """Seconds from the first frame."""
        return self.last * FRAME_SECONDS


@dataclass(frozen=True)
class _Letter:
    token: str
    first: int
    last: int
    posterior: float


def greedy(log_posteriors: NDArray[np.float32], tokens: Sequence[str]) -> list[HeardWord]:
    """Return the words of the best path; `log_posteriors` is (frames, tokens)."""
    words: list[HeardWord] = []
    pending: list[_Letter] = []
    for letter in _letters(log_posteriors, tokens):
        pending.append(letter)
        if not letter.token.endswith(_GOES_ON):
            words.append(_word(pending))
            pending = []
    if pending:
        words.append(_word(pending))
    return words


def _letters(log_posteriors: NDArray[np.float32], tokens: Sequence[str]) -> list[_Letter]:
    best = log_posteriors.argmax(axis=1)
    edges = np.flatnonzero(np.diff(best)) + 1
    starts, ends = [0, *edges.tolist()], [*edges.tolist(), len(best)]
    return [
        _Letter(tokens[best[first]], first, last, float(np.exp(log_posteriors[first:last, best[first]].max())))
        for first, last in zip(starts, ends, strict=True)
        if len(best) and best[first] != BLANK
    ]


def _word(letters: Sequence[_Letter]) -> HeardWord:
    return HeardWord(
        "".join(letter.token.removesuffix(_GOES_ON) for letter in letters),
        letters[0].first,
        letters[-1].last,
        tuple(letter.posterior for letter in letters),
    )
