"""Says how far the demo recogniser can be trusted: a logistic curve over four signs, fitted by `train/calibrate`.

The signs: the mean and the lowest log posterior of the letters, the share of words that are not among the words the
network was trained on, and the mean uncertainty (entropy, nats) of all frames. The curve was fitted so that the value
is the chance that a sentence is heard without any error.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core_pipeline.engines.asr.demo.decode import HeardWord

SIGNS = ("mean_log_posterior", "lowest_log_posterior", "unknown_share", "entropy")


@dataclass(frozen=True)
class Curve:
    """The weights of the signs and the bias."""

    weights: tuple[float, ...]
    bias: float

    def __call__(self, signs: Sequence[float]) -> float:
        """Return a confidence in 0..1."""
        total = self.bias + sum(w * s for w, s in zip(self.weights, signs, strict=True))
        return float(1 / (1 + np.exp(-np.clip(total, -30, 30))))


def signs_of(
    words: Sequence[HeardWord], log_posteriors: NDArray[np.float32], known: Collection[str]
) -> tuple[float, float, float, float]:
    """Return the four signs of a heard sentence that has at least one word."""
    logs = np.log([max(p, 1e-6) for word in words for p in word.posteriors])
    entropy = -(np.exp(log_posteriors) * log_posteriors).sum(axis=1).mean()
    unknown = sum(word.text not in known for word in words) / len(words)
    return float(logs.mean()), float(logs.min()), unknown, float(entropy)
