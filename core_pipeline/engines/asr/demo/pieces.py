"""Cuts long speech at its quietest moments, because the network was trained on single sentences."""

from __future__ import annotations

import numpy as np

from core_pipeline.engines.asr.demo.features import SAMPLE_RATE, Samples

_SHORTEST, _LONGEST = 4 * SAMPLE_RATE, 9 * SAMPLE_RATE
_MOMENT = SAMPLE_RATE // 10
_LEAST_TAIL = SAMPLE_RATE // 20


def cut(samples: Samples) -> list[slice]:
    """Return consecutive slices of 9 s at most, each cut at the quietest moment after its fourth second."""
    pieces, start = [], 0
    while len(samples) - start > _LONGEST:
        window = samples[start + _SHORTEST : start + _LONGEST]
        moments = window[: len(window) // _MOMENT * _MOMENT].reshape(-1, _MOMENT)
        quietest = int(np.square(moments).mean(axis=1).argmin())
        end = start + _SHORTEST + quietest * _MOMENT + _MOMENT // 2
        pieces.append(slice(start, end))
        start = end
    if len(samples) - start >= _LEAST_TAIL:
        pieces.append(slice(start, len(samples)))
    return pieces
