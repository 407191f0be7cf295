"""Tells our own voice, coming back by a loudspeaker or a bad line, from a caller who breaks in."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

SPAN = 1.024  # seconds of our own sound that are searched
RECENT = 0.384  # seconds of theirs that are looked for in it
# From the first likeness on it is ours: 19 of 20 windows of echo are above, 99 of 100 of other voices below. Where the
# delay is known the second one is enough.
LIKE, LIKE_THERE = 0.34, 0.25
LOUDER = 1.5  # so many times the energy that our own comes back with: somebody speaks over it
FADING = 0.99  # how much of the loudest echo is remembered from window to window
FIRST_SECONDS, FIRST_WINDOWS = 0.3, 7
SHARED_RATE = 8_000
SLACK = 240  # samples at that rate
MURMUR = 100.0  # the energy of next to nothing, on the 16-bit scale
_BAND = (250.0, 3500.0)
_WHITENED = 0.8

Sound = NDArray[np.float32]
Spectrum = NDArray[np.complexfloating]


class Echo:
    """Remembers what the far end plays, and compares what comes in with it.

    Both are whitened, so that two voices at one pitch are not alike, and compared at every delay up to 0.6 s; nothing
    is assumed of the room. Once an echo was noticed two windows in a row must differ before a caller is believed.
    """

    def __init__(self, leg_rate: int, rate: int) -> None:
        self._leg_rate, self._rate = leg_rate, rate
        self._ours: deque[tuple[float, bytes]] = deque()
        self._since = self._until = -SPAN
        self._gain, self._delay = 0.0, 0
        self._different = 0

    @property
    def noticed(self) -> bool:
        """Whether our own voice came back in this call."""
        return self._gain > 0.0

    def played(self, at: float, pcm: bytes) -> None:
        """Note that the far end begins to play this at `at` (seconds of the call's clock)."""
        if at - self._until > RECENT:
            self._since = at
        self._until = at + len(pcm) / 2 / self._leg_rate
        self._ours.append((at, pcm))
        while self._ours[0][0] < at - 2 * SPAN:
            self._ours.popleft()

    def cleared(self, now: float) -> None:
        """Note that the far end threw away what it had not played at `now`."""
        while self._ours and self._ours[-1][0] >= now:
            self._ours.pop()
        self._until = min(self._until, now)

    def holds(self, now: float, windows: int, recent: bytes) -> bool:
        """Whether what has sounded like speech for so many windows is not to be believed (yet)."""
        if now - self._until > SPAN - RECENT:
            return False
        if now - self._since < FIRST_SECONDS and windows < FIRST_WINDOWS:
            return True
        if self._comes_back(now, _floats(recent)[-int(RECENT * self._rate) :]):
            self._different = 0
            return True
        self._different += 1
        return self.noticed and self._different < 2

    def _comes_back(self, now: float, theirs: Sound) -> bool:
        ours = self._span(now)
        alike = _likeness(_white(ours, self._leg_rate), _white(theirs, self._rate))
        best = self._best(alike)
        if best is None:
            return False
        first = best * self._leg_rate // SHARED_RATE
        matched = ours[first : first + theirs.size * self._leg_rate // self._rate]
        gain = _energy(theirs) / max(_energy(matched), MURMUR)
        self._delay = alike.size - best
        if self.noticed and gain > LOUDER * self._gain:
            return False
        self._gain = max(gain, self._gain * FADING)
        return True

    def _best(self, alike: Sound) -> int | None:
        """Where their sound begins in ours; None where it is not ours."""
        anywhere = int(alike.argmax())
        if alike[anywhere] >= LIKE:
            return anywhere
        around = max(0, alike.size - self._delay - SLACK)
        there = around + int(alike[around : around + 2 * SLACK].argmax()) if self.noticed else anywhere
        return there if alike[there] >= (LIKE_THERE if self.noticed else LIKE) else None

    def _span(self, now: float) -> Sound:
        """What the far end played in the last `SPAN` seconds."""
        span = np.zeros(int(SPAN * self._leg_rate), np.float32)
        for at, pcm in self._ours:
            first = span.size - round((now - at) * self._leg_rate)
            sound = _floats(pcm)[max(0, -first) : max(0, span.size - first)]
            if sound.size and first < span.size:
                span[max(0, first) : max(0, first) + sound.size] = sound
        return span


def _floats(pcm: bytes) -> Sound:
    return np.frombuffer(pcm, "<i2").astype(np.float32)


def _energy(sound: Sound) -> float:
    return float(np.mean(np.square(sound))) if sound.size else 0.0


def _likeness(ours: Sound, theirs: Sound) -> Sound:
    """How alike `theirs` is, in 0..1, to the part of `ours` that begins at each of its samples."""
    both = np.fft.irfft(np.fft.rfft(ours) * np.conj(np.fft.rfft(theirs, ours.size)), ours.size)
    there = np.concatenate(([0.0], np.cumsum(np.square(ours, dtype=np.float64))))
    energy = there[theirs.size :] - there[: -theirs.size]
    scale = np.maximum(energy, energy.max() * 0.02) * float(np.sum(np.square(theirs))) + 1e-6
    alike: Sound = np.abs(both[: energy.size]) / np.sqrt(scale)
    return alike


def _white(sound: Sound, rate: int) -> Sound:
    """The sound at 8 kHz with its spectrum evened out."""
    size = round(sound.size / rate * SHARED_RATE)
    spectrum = np.fft.rfft(sound)[: size // 2 + 1]
    loud = np.abs(spectrum)
    width = max(1, size // 256)
    even = np.convolve(loud, np.full(width, 1 / width, np.float32), "same")
    spectrum = spectrum / (even + 1e-3 * even.max(initial=0.0) + 1e-9) ** _WHITENED
    pitch = np.fft.rfftfreq(size, 1 / SHARED_RATE)
    spectrum[(pitch < _BAND[0]) | (pitch > _BAND[1])] = 0
    return np.fft.irfft(spectrum, size).astype(np.float32)
