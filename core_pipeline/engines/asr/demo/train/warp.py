"""Makes voices of other throats out of the ones there are: moves the formants by warping the mel axis."""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray

from core_pipeline.engines.asr.demo.features import BANDS, SAMPLE_RATE

_WARPED_SHARE = 0.65
_SHORTEST_THROAT, _LONGEST_THROAT = 1.42, 0.88  # factors of all formants
_KNOTS = np.array([0.0, 600.0, 1800.0, 3200.0, SAMPLE_RATE / 2])  # Hz, about the first three formants
_KNOT_SPREAD = 0.08
_LOWEST = 20.0  # Hz, where the first band begins


def another_throat(frames: NDArray[np.float32], rng: random.Random) -> NDArray[np.float32]:
    """Return the (T, 80) log-mel frames as if said by somebody with a longer or shorter throat, or as they are."""
    if rng.random() > _WARPED_SHARE:
        return frames
    throat = rng.uniform(_LONGEST_THROAT, _SHORTEST_THROAT)
    factors = throat * np.array([1 + rng.uniform(-_KNOT_SPREAD, _KNOT_SPREAD) for _ in _KNOTS])
    sources = _CENTRES / np.interp(_CENTRES, _KNOTS, factors)
    places = np.clip(np.interp(_mel(sources), _mel(_CENTRES), np.arange(BANDS)), 0, BANDS - 1)
    below = np.minimum(places.astype(int), BANDS - 2)
    share = (places - below).astype(np.float32)
    warped: NDArray[np.float32] = frames[:, below] * (1 - share) + frames[:, below + 1] * share
    return warped


def _mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1127.0 * np.log1p(hertz / 700.0))


def _centres() -> NDArray[np.float64]:
    ends = _mel(np.array([_LOWEST, SAMPLE_RATE / 2]))
    mels = np.linspace(ends[0], ends[1], BANDS + 2)[1:-1]
    return np.asarray(700.0 * np.expm1(mels / 1127.0))


_CENTRES = _centres()
