"""Measures, from a finished clip alone, how well its lips follow a speech; no model, only colours and correlation.

The mouth's opening is read back from the decoded pictures, by the colours of a mouth. It is held against the jaw that was planned and against the loudness of the speech
between 250 and 3500 Hz, where vowels ring. A positive lag is a mouth that is late.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core_pipeline.contracts.engines import Pcm
from core_pipeline.engines.acting.track import HZ, LEAD, Track
from core_pipeline.media.film.pictures import pictures
from core_pipeline.media.pcm import resample, samples

FARTHEST = 10
_RATE = 16_000

Curve = NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """How two curves agree where they agree best: correlation, and by how many pictures the first comes late."""

    lag: float
    r: float


@dataclass(frozen=True)
class LipSync:
    """A mouth against what was planned and against what is heard."""

    track: Agreement
    audio: Agreement

    @property
    def good(self) -> bool:
        """Whether a viewer would take the mouth for the voice's own."""
        in_time = max(abs(self.track.lag), abs(self.audio.lag)) <= 1
        return in_time and self.track.r >= 0.85 and self.audio.r >= 0.3

    def __str__(self) -> str:
        return (
            f"track lag {self.track.lag:+.2f} r {self.track.r:.2f}, audio lag {self.audio.lag:+.2f} r {self.audio.r:.2f}"
        )


def lip_sync(clip: bytes, box: tuple[int, int, int, int], track: Track, speech: Pcm, fps: int) -> LipSync:
    """Measure a clip whose mouth stays in a box (left, top, width, height in pixels)."""
    seen = opening(clip, box)
    times = (np.arange(seen.size) + 0.5) / fps
    planned = np.interp((times + LEAD) * HZ, np.arange(track.opening.size), track.opening)
    return LipSync(agreement(seen, planned), agreement(seen, loudness(speech, fps, seen.size)))


def opening(clip: bytes, box: tuple[int, int, int, int]) -> Curve:
    """Return how high the mouth is in each picture, in pixels above the least: lips and all between them, at its middle.

    Lips, tongue and the hollow of a mouth are red without the yellow that skin, fur and beards have.
    """
    left, top, width, height = box
    rows, columns = slice(max(0, top), top + height), slice(max(0, left), left + width)
    seen = np.array([_height(picture.to_ndarray(format="rgb24")[rows, columns]) for picture in pictures(clip)])
    return seen - np.percentile(seen, 5)


def _height(picture: NDArray[np.uint8]) -> float:
    red, green, blue = np.moveaxis(picture.astype(int), 2, 0)
    mouth = (red - green > 0.28 * red) & (green - blue < 0.1 * red)
    across = np.flatnonzero(mouth.sum(axis=0) >= 2)
    if across.size < 3:
        return 0.0
    middle = mouth[:, across[across.size // 3] : across[-(across.size // 3)] + 1]
    middle = middle[:, middle.any(axis=0)]
    first, last = middle.argmax(axis=0), middle.shape[0] - middle[::-1].argmax(axis=0)
    return float((last - first).mean())


def loudness(speech: Pcm, fps: int, pictures: int) -> Curve:
    """Return the speech's loudness between 250 and 3500 Hz in decibels over a floor, by pictures."""
    sound = samples(resample(speech, _RATE))
    wide = _RATE // fps
    sound = np.pad(sound, (0, max(0, wide * pictures - sound.size)))[: wide * pictures].reshape(pictures, wide)
    power = np.abs(np.fft.rfft(sound * np.hanning(wide), axis=1)) ** 2
    hertz = np.fft.rfftfreq(wide, 1 / _RATE)
    level = 10 * np.log10(power[:, (hertz > 250) & (hertz < 3500)].sum(axis=1) + 1e-6)
    return np.clip(level - (np.percentile(level, 95) - 30), 0, None)


def agreement(seen: Curve, expected: Curve) -> Agreement:
    """Return where two curves agree best within `FARTHEST` pictures, between pictures by a parabola; r is 0 for none."""
    if seen.std() < 1e-9 or expected.std() < 1e-9:
        return Agreement(0.0, 0.0)
    found = [_r(seen, expected, lag) for lag in range(-FARTHEST, FARTHEST + 1)]
    best = int(np.argmax(found))
    if not 0 < best < 2 * FARTHEST:
        return Agreement(best - FARTHEST, found[best])
    before, here, after = found[best - 1 : best + 2]
    return Agreement(best - FARTHEST + 0.5 * (before - after) / (before - 2 * here + after), here)


def _r(seen: Curve, expected: Curve, lag: int) -> float:
    count = min(seen.size, expected.size)
    late, early = seen[max(0, lag) : count + min(0, lag)], expected[max(0, -lag) : count - max(0, lag)]
    return float(np.corrcoef(late, early)[0, 1]) if late.std() > 0 and early.std() > 0 else 0.0
