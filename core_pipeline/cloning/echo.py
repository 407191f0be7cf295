"""Whether one recording is a copy of another, whatever level, format or trimming it went through since."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core_pipeline.contracts.engines import Pcm
from core_pipeline.media.pcm import resample, samples

ALIKE = 0.9
SHARE = 0.25
_RATE, _HOP, _FFT = 8_000, 160, 512
_BANDS = 24
_WINDOW, _STEP = 100, 25  # frames of 20 ms
_EVENTFUL, _LEAST_EVENTFUL = 0.3, 5.0  # of the usual liveliness, and at all: silence is like silence

Floats = NDArray[np.float32]


def copied(one: Pcm, other: Pcm) -> float:
    """Return the share of `other`'s two-second stretches that are found again in `one`."""
    looked_in, looked_for = _stretches(_bands(one), 1), _stretches(_bands(other), _STEP)
    if not len(looked_in) or not len(looked_for):
        return 0.0
    best = (looked_for @ looked_in.T).max(axis=1)
    return float(np.mean(best >= ALIKE))


def is_copy(one: Pcm, other: Pcm) -> bool:
    """Say whether a good part of `other` is the very sound of `one`."""
    return copied(one, other) >= SHARE


def _bands(pcm: Pcm) -> Floats:
    """Return (T, 24) log energies; the lowest bin is left out, and so is everything a telephone drops."""
    sound = np.pad(samples(resample(pcm, _RATE)), (0, _FFT))
    framed = np.lib.stride_tricks.sliding_window_view(sound, _FFT)[::_HOP] * np.hanning(_FFT).astype(np.float32)
    power = np.abs(np.fft.rfft(framed)) ** 2
    edges = np.linspace(6, 218, _BANDS + 1).astype(int)
    summed = np.add.reduceat(power, edges[:-1], axis=1)
    return np.asarray(np.log(summed + 1e-4 * summed.max() + 1e-12), dtype=np.float32)


def _stretches(bands: Floats, step: int) -> Floats:
    """Return stretches of two seconds as vectors of unit length, freed of each band's mean; dull ones are left out."""
    if len(bands) < _WINDOW:
        return np.zeros((0, _WINDOW * _BANDS), dtype=np.float32)
    cut = np.lib.stride_tricks.sliding_window_view(bands, _WINDOW, axis=0)[::step]
    vectors = (cut - cut.mean(axis=2, keepdims=True)).reshape(len(cut), -1)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    lively = lengths[:, 0] > max(_EVENTFUL * float(np.median(lengths)), _LEAST_EVENTFUL)
    return np.asarray(vectors[lively] / (lengths[lively] + 1e-9), dtype=np.float32)
