"""Measures, from a finished clip alone, how well its lips follow a speech; no model, only colours and correlation.

The mouth's opening is read back from the decoded pictures, by the colours of a mouth. It is held against the jaw that
was planned and against the loudness of the speech between 250 and 3500 Hz, where vowels ring. A positive lag is a mouth
that is late.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from core_pipeline.contracts.engines import Pcm
from core_pipeline.engines.acting.track import HZ, LEAD, Track
from core_pipeline.media.film.pictures import pictures
from core_pipeline.media.pcm import resample, samples

FARTHEST = 10
_RATE = 16_000
_SHADES = 48

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
        told = (f"{one.lag:+.2f} pictures, r {one.r:.2f}" for one in (self.track, self.audio))
        return "track {}; audio {}".format(*told)


class Palette:
    """The colours that a mouth in a box (left, top, width, height in pixels) shows when it opens.

    Learnt from a clip of pictures with the lips shut and one with the mouth open: what is far commoner in the second
    is the inside of a mouth. Skin, lips and beards are in both.
    """

    def __init__(self, shut: bytes, opened: bytes, box: tuple[int, int, int, int]) -> None:
        left, top, width, height = box
        self._rows, self._columns = slice(max(0, top), top + height), slice(max(0, left), left + width)
        closed, gaping = self._counts(shut), self._counts(opened)
        commoner = (gaping - closed) / (gaping + closed + 1e-5)
        self._weight = np.clip((commoner - 0.4) / 0.4, 0, 1)

    def inside(self, picture: VideoFrame) -> float:
        """Return the share of the box that has the colours of a mouth's inside."""
        return float(self._weight[self._bins(picture)].mean())

    def _counts(self, clip: bytes) -> Curve:
        bins = np.concatenate([self._bins(picture).ravel() for picture in pictures(clip)])
        counts = np.bincount(bins, minlength=_SHADES**3).reshape((_SHADES,) * 3).astype(float)
        for axis in range(3):
            padded = np.pad(counts, [(1, 1) if axis == number else (0, 0) for number in range(3)])
            counts = sum(np.take(padded, range(step, step + _SHADES), axis) for step in range(3))  # type: ignore[assignment]
        return np.asarray(counts / counts.sum()).ravel()

    def _bins(self, picture: VideoFrame) -> NDArray[np.int64]:
        rgb = picture.to_ndarray(format="rgb24")[self._rows, self._columns].astype(int) * _SHADES // 256
        return np.asarray((rgb[..., 0] * _SHADES + rgb[..., 1]) * _SHADES + rgb[..., 2])


def lip_sync(clip: bytes, palette: Palette, track: Track, speech: Pcm, fps: int) -> LipSync:
    """Measure a clip of a mouth with this palette."""
    seen = opening(clip, palette)
    times = (np.arange(seen.size) + 0.5) / fps
    planned = np.interp((times + LEAD) * HZ, np.arange(track.opening.size), track.opening)
    return LipSync(agreement(seen, planned), agreement(seen, loudness(speech, fps, seen.size)))


def opening(clip: bytes, palette: Palette) -> Curve:
    """Return how much of a mouth's inside is seen in each picture, as a share of its box above the least."""
    seen = np.array([palette.inside(picture) for picture in pictures(clip)])
    return np.asarray(seen - np.percentile(seen, 5))


def loudness(speech: Pcm, fps: int, pictures: int) -> Curve:
    """Return the speech's loudness between 250 and 3500 Hz in decibels over a floor, by pictures."""
    sound = samples(resample(speech, _RATE))
    wide = _RATE // fps
    sound = np.pad(sound, (0, max(0, wide * pictures - sound.size)))[: wide * pictures].reshape(pictures, wide)
    power = np.abs(np.fft.rfft(sound * np.hanning(wide), axis=1)) ** 2
    hertz = np.fft.rfftfreq(wide, 1 / _RATE)
    level = 10 * np.log10(power[:, (hertz > 250) & (hertz < 3500)].sum(axis=1) + 1e-6)
    return np.asarray(np.clip(level - (np.percentile(level, 95) - 30), 0, None))


def agreement(seen: Curve, expected: Curve) -> Agreement:
    """Return where two curves agree best within `FARTHEST` pictures, placed by a parabola; r is 0 for none."""
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
