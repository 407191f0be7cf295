"""What an ear heard, laid out in real time."""

from __future__ import annotations

import numpy as np

from core_pipeline.contracts.engines import Pcm

_LOUD = 150  # of 32768: louder than noise
_BEHIND, _AHEAD = 0.15, 0.04  # seconds by which the sound may run late or early


class Recording:
    """Sound in the order in which it came, kept in step with the clock by silence put in or left out."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._pcm = bytearray()
        self.loud_at = -1.0

    def add(self, pcm: bytes, now: float) -> None:
        """Add what came at `now` (seconds)."""
        loud = bool(pcm) and int(np.abs(np.frombuffer(pcm, np.int16).astype(np.int32)).max()) > _LOUD
        ahead = len(self._pcm) / 2 / self._rate - now
        if ahead > _AHEAD and not loud:
            return
        if ahead < -_BEHIND:
            self._pcm += bytes(2 * round(-ahead * self._rate))
        self._pcm += pcm
        if loud:
            self.loud_at = now

    def between(self, begin: float, end: float) -> Pcm:
        """What was heard in this time, in whole length."""
        first, last = (2 * round(max(0.0, at) * self._rate) for at in (begin, end))
        return Pcm(bytes(self._pcm[first:last]).ljust(last - first, b"\0"), self._rate)
