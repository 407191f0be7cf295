"""How loud a recording is from its beginning to its end, for a drawing of it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from core_pipeline.contracts.engines import Pcm

COUNT = 64
MOST = 99


def peaks_of(pcm: Pcm, count: int = COUNT) -> list[int]:
    """The loudness of `count` stretches of equal length, each 0 to 99, the loudest 99; none for silence."""
    sound = np.abs(np.frombuffer(pcm.data, "<i2").astype(np.float32))
    if not sound.size or not float(sound.max()):
        return []
    edges = np.linspace(0, sound.size, count + 1).astype(int)
    means = [float(np.sqrt(np.mean(sound[a : max(b, a + 1)] ** 2))) for a, b in pairwise(edges)]
    loudest = max(means)
    return [round(one / loudest * MOST) for one in means]
