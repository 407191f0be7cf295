"""Cuts long speech at its quietest moments, for engines that hear no more than a while at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core_pipeline.contracts.engines import Pcm

_MOMENT = 0.1


def pieces(speech: Pcm, longest: float, searched: float) -> Iterator[tuple[float, Pcm]]:
    """Yield consecutive pieces of at most `longest` seconds with their start in seconds.

    A cut is made at the quietest moment of the last `searched` seconds that a piece may have.
    """
    rate, start = speech.sample_rate, 0
    sound = np.frombuffer(speech.data, "<i2")
    while sound.size - start > longest * rate:
        end = start + _quietest(sound[start : start + int(longest * rate)].astype(np.float32), rate, searched)
        yield start / rate, Pcm(sound[start:end].tobytes(), rate)
        start = end
    yield start / rate, Pcm(sound[start:].tobytes(), rate)


def _quietest(sound: NDArray[np.float32], rate: int, searched: float) -> int:
    """Return the middle of the quietest moment near the end."""
    moment, count = int(_MOMENT * rate), int(searched / _MOMENT)
    tail = sound[-count * moment :].reshape(count, moment)
    return int(sound.size - (count - int(np.square(tail).mean(axis=1).argmin())) * moment + moment // 2)
