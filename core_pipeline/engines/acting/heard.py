"""What a face takes from sound alone: how loud it is, and how lips would move that made it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core_pipeline.contracts.engines import Pcm
from core_pipeline.engines.acting.track import HZ, Track
from core_pipeline.engines.acting.visemes import PARTS
from core_pipeline.media.pcm import resample, samples

_RATE, _WINDOW, _POINTS = 16_000, 400, 512
_HOP = _RATE // HZ
_EVEN = 9  # steps over which the curves are evened out
_QUIETEST = 1e-7  # full scale is 1: below it all is silence

Curve = NDArray[np.float32]


@dataclass(frozen=True)
class Heard:
    """Energies by hundredths of a second: of all of the voice, and of its bands (first and second formants, hiss)."""

    voice: Curve
    first: Curve
    second: Curve
    hiss: Curve

    @property
    def loudness(self) -> Curve:
        """Loudness in 0..1 over the 34 dB below the speech's loud parts."""
        return _over(self.voice, 34)


def hear(speech: Pcm) -> Heard:
    """Return what is heard in a speech of any rate and length."""
    steps = int(speech.seconds * HZ) + 1
    sound = np.pad(samples(resample(speech, _RATE)), (_WINDOW // 2, _WINDOW + _HOP))
    sound = np.pad(sound, (0, max(0, (steps - 1) * _HOP + _WINDOW - sound.size)))
    views = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::_HOP][:steps]
    power = np.abs(np.fft.rfft(views * np.hanning(_WINDOW).astype(np.float32), _POINTS)) ** 2
    hertz = np.fft.rfftfreq(_POINTS, 1 / _RATE)

    def band(low: float, high: float) -> Curve:
        return np.asarray(power[:, (hertz >= low) & (hertz < high)].sum(axis=1) + _QUIETEST, np.float32)

    return Heard(band(80, 4000), band(300, 900), band(900, 2600), band(3200, 7500))


def from_sound(heard: Heard) -> Track:
    """Return the track of lips that would make this sound: wide for bright vowels, round for dark, shut in dips."""
    jaw, loud = _over(heard.first, 22) ** 1.3, heard.loudness
    bright = _brightness(np.log10(heard.second / heard.first), loud > 0.35)
    hiss = np.clip((np.log10(heard.hiss / (heard.first + heard.second)) + 0.3), 0, 1) * (loud > 0.15)
    parts = {
        "open": jaw * (1 - 0.7 * hiss) * np.where(bright > 1, 0.6, np.where(bright < -1, 0.7, 1.0)),
        "spread": np.clip(0.4 * bright, 0, 0.8) * loud + 0.3 * hiss,
        "pucker": np.clip(-0.45 * bright - 0.15, 0, 0.9) * loud * (1 - hiss),
        "press": np.where((loud > 0.05) & (jaw < 0.08), 0.7, 0.0),
        "teeth": np.clip(0.5 + 0.5 * hiss, 0, 1) * (loud > 0.1),
    }
    nothing = np.zeros_like(jaw)
    return Track(
        np.clip(np.stack([_even(parts.get(part, nothing)) for part in PARTS], axis=1), 0, 1).astype(np.float32)
    )


def _over(power: Curve, range_db: float) -> Curve:
    """Return a power in 0..1 over so many decibels below its loud parts; silence is 0."""
    level = 10 * np.log10(power)
    loudest = max(float(np.percentile(level, 95)), 10 * np.log10(_QUIETEST) + range_db)
    return np.asarray(np.clip((level - (loudest - range_db)) / range_db, 0, 1), np.float32)


def _brightness(ratio: NDArray[np.floating], voiced: NDArray[np.bool_]) -> NDArray[np.floating]:
    """Return how bright the vowels are against the voice's own middle, in deviations."""
    if np.count_nonzero(voiced) < 10:
        return np.zeros_like(ratio)
    return np.asarray((ratio - np.median(ratio[voiced])) / (ratio[voiced].std() + 1e-6))


def _even(curve: NDArray[np.floating]) -> NDArray[np.floating]:
    bell = np.hanning(_EVEN + 2)[1:-1]
    return np.convolve(np.pad(curve, _EVEN // 2), bell / bell.sum(), "valid")
