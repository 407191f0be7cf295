"""Reads words, their times and how sure they are from the frames of a CTC network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core_pipeline.engines.asr.demo.beam import BLANK, GOES_ON
from core_pipeline.engines.asr.demo.features import FRAME_SECONDS


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


def words_of(sentence: Sequence[int], log_posteriors: NDArray[np.float32], tokens: Sequence[str]) -> list[HeardWord]:
    """Return the words of a sentence of token numbers with their places; `log_posteriors` is (frames, tokens).

    The posteriors are the network's own: where the search leaned towards a known word, they are low.
    """
    words: list[HeardWord] = []
    pending: list[_Letter] = []
    for number, (first, last) in zip(sentence, align(sentence, log_posteriors), strict=True):
        posterior = float(np.exp(log_posteriors[first:last, number].max()))
        pending.append(_Letter(tokens[number], first, last, posterior))
        if not tokens[number].endswith(GOES_ON):
            words.append(_word(pending))
            pending = []
    if pending:
        words.append(_word(pending))
    return words


def align(sentence: Sequence[int], log_posteriors: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Return the frames (first, last excluded) of every token on the likeliest path through the sentence."""
    if not sentence:
        return []
    states = np.full(2 * len(sentence) + 1, BLANK)
    states[1::2] = sentence
    skips = np.zeros(len(states), dtype=bool)  # a blank may be left out between two different tokens
    skips[3::2] = states[3::2] != states[1:-2:2]
    steps = _forward(states, skips, log_posteriors)
    path = np.empty(len(log_posteriors), dtype=int)
    path[-1] = steps.last
    for frame in range(len(path) - 1, 0, -1):
        path[frame - 1] = path[frame] - steps.back[frame, path[frame]]
    return [_stretch(np.flatnonzero(path == 2 * index + 1)) for index in range(len(sentence))]


@dataclass(frozen=True)
class _Steps:
    """How many states each state came forward at each frame, and where the likeliest path ends."""

    back: NDArray[np.int64]
    last: int


def _forward(states: NDArray[np.int64], skips: NDArray[np.bool_], log_posteriors: NDArray[np.float32]) -> _Steps:
    score = np.full(len(states), -np.inf)
    score[:2] = log_posteriors[0, states[:2]]
    back = np.zeros((len(log_posteriors), len(states)), dtype=np.int64)
    for frame in range(1, len(log_posteriors)):
        one = np.concatenate([[-np.inf], score[:-1]])
        two = np.where(skips, np.concatenate([[-np.inf, -np.inf], score[:-2]]), -np.inf)
        choices = np.stack([score, one, two])
        back[frame] = choices.argmax(axis=0)
        score = choices.max(axis=0) + log_posteriors[frame, states]
    return _Steps(back, len(states) - 1 if score[-1] >= score[-2] else len(states) - 2)


def _stretch(frames: NDArray[np.int64]) -> tuple[int, int]:
    return int(frames[0]), int(frames[-1]) + 1


def _word(letters: Sequence[_Letter]) -> HeardWord:
    return HeardWord(
        "".join(letter.token.removesuffix(GOES_ON) for letter in letters),
        letters[0].first,
        letters[-1].last,
        tuple(letter.posterior for letter in letters),
    )
