"""Keeps both sides of a call as they were really heard: left the caller, right us."""

from __future__ import annotations

from collections import deque
from tempfile import SpooledTemporaryFile

import numpy as np
from numpy.typing import NDArray

from core_pipeline.calls.rates import Stream

_IN_MEMORY = 2_000_000
_BLOCK = 1.0
_SETTLED = 1.0  # what was played so long ago can't be cleared any more
_GAP = 0.3
_MOST_AHEAD = 2.0


class Recording:
    """Both sides by one clock from `started` on; most of it lies in a temporary file that is gone with the call."""

    def __init__(self, leg_rate: int, rate: int, started: float) -> None:
        self._leg_rate, self.rate, self._started = leg_rate, rate, started
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - lives as long as the call; `finish` closes it
        self._theirs = bytearray()
        self._ours: deque[tuple[float, bytes]] = deque()
        self._to_rate = Stream(leg_rate, rate)
        self._done = 0  # blocks written

    def heard(self, now: float, pcm: bytes) -> None:
        """Keep what the caller said until now, at `rate`."""
        kept = self._done * _BLOCK + len(self._theirs) / 2 / self.rate
        behind = now - self._started - len(pcm) / 2 / self.rate - kept
        if behind > _GAP:
            self._theirs += bytes(2 * int(behind * self.rate))
        if behind > -_MOST_AHEAD:
            self._theirs += pcm
        self._settle(now - self._started - _SETTLED)

    def played(self, at: float, pcm: bytes) -> None:
        """Keep what the far end begins to play at `at`, at the leg's rate."""
        self._ours.append((at - self._started, pcm))
        self._settle(at - self._started - _SETTLED)

    def cleared(self, now: float) -> None:
        """What was to be played after now is not."""
        now -= self._started
        kept = ((at, pcm[: max(0, 2 * int((now - at) * self._leg_rate))]) for at, pcm in self._ours)
        self._ours = deque((at, pcm) for at, pcm in kept if pcm)

    def finish(self, now: float) -> bytes:
        """Return all of it as interleaved 16-bit stereo, and let go of the file."""
        self.cleared(now)
        length = now - self._started
        self._settle(length + _BLOCK)
        with self._file as file:
            file.seek(0)
            return file.read(4 * int(length * self.rate))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _settle(self, until: float) -> None:
        """Write all blocks that end before `until`."""
        while (self._done + 1) * _BLOCK <= until:
            self._file.write(self._block())
            self._done += 1

    def _block(self) -> bytes:
        size = int(_BLOCK * self.rate)
        both: NDArray[np.int16] = np.zeros((size, 2), np.int16)
        theirs = np.frombuffer(bytes(self._theirs[: 2 * size]), "<i2")
        both[: theirs.size, 0] = theirs
        del self._theirs[: 2 * size]
        ours = np.frombuffer(self._to_rate.feed(self._spoken().tobytes()), "<i2")[:size]
        both[size - ours.size :, 1] = ours
        return both.tobytes()

    def _spoken(self) -> NDArray[np.int16]:
        """What the far end played in the block, at the leg's rate."""
        span = np.zeros(int(_BLOCK * self._leg_rate), np.int16)
        starts = self._done * _BLOCK
        for at, pcm in self._ours:
            first = round((at - starts) * self._leg_rate)
            sound = np.frombuffer(pcm, "<i2")[max(0, -first) : max(0, span.size - first)]
            if sound.size:
                span[max(0, first) : max(0, first) + sound.size] = sound
        while self._ours and self._ours[0][0] + len(self._ours[0][1]) / 2 / self._leg_rate < starts + _BLOCK:
            self._ours.popleft()
        return span
