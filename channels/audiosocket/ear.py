"""What an emulated caller hears: every frame in its place in time, with silence where none came."""

from __future__ import annotations

import numpy as np

from channels.audiosocket.frames import RATES, Frame
from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.legs import FRAME_SECONDS

RATE = 8000
FRAME_BYTES = int(RATE * FRAME_SECONDS) * 2
AUDIBLE = 64
# What was sent and not played yet can't be taken back: more than this, and a caller can't break in any more.
MOST_AHEAD = 0.15
# A sentence goes on if its sound was there so shortly before.
GOES_ON = 0.3


class Ear:
    """A telephone without a jitter buffer to speak of; times are seconds since the call was taken."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.underruns = 0
        self.last_heard: float | None = None
        self._pieces: list[tuple[int, bytes]] = []
        self._until = 0.0
        self._got = 0.0

    def take(self, frame: Frame, now: float) -> None:
        """Play a frame that arrived now, after what is still being played."""
        if frame.kind not in RATES:
            self._fault(f"kind {frame.kind:#04x} is no sound, and Asterisk would end the call")
            return
        if RATES[frame.kind] != RATE or len(frame.payload) != FRAME_BYTES:
            self._fault(f"a frame of kind {frame.kind:#04x} with {len(frame.payload)} bytes, not 20 ms at {RATE} Hz")
        samples = np.frombuffer(frame.payload[: len(frame.payload) & ~1], "<i2")
        audible = bool(samples.size) and int(np.abs(samples.astype(np.int32)).max()) > AUDIBLE
        gap = now - self._until
        if audible and self.last_heard is not None and gap > 0.001 and now - self.last_heard < GOES_ON:
            self.underruns += 1
        start = max(self._until, now)
        self._pieces.append((round(start * RATE), samples.tobytes()))
        self._until = start + samples.size / RATE
        self._got += samples.size / RATE
        if audible:
            self.last_heard = self._until
        if self._got - now > MOST_AHEAD:
            self._fault(f"more than {MOST_AHEAD * 1000:.0f} ms of sound were sent ahead of time")

    def heard(self, now: float) -> Pcm:
        """Everything that was heard until now."""
        sound = np.zeros(max(round(now * RATE), 0), "<i2")
        for start, piece in self._pieces:
            samples = np.frombuffer(piece, "<i2")[: max(sound.size - start, 0)]
            sound[start : start + samples.size] = samples
        return Pcm(sound.tobytes(), RATE)

    def _fault(self, fault: str) -> None:
        if fault not in self.faults:
            self.faults.append(fault)
