"""What can be measured of a recording of somebody's voice; numpy only, figures in dB, Hz, seconds and shares."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core_pipeline.contracts.engines import Pcm
from core_pipeline.media.pcm import samples

FRAME_SECONDS = 0.02
_SILENCE = -90.0
_BELOW_LOUD, _ABOVE_NOISE = 35.0, 6.0
_BRIDGED = 15  # frames: pauses shorter than 0.3 s belong to the speech around them
_FFT = 1024
_BAND_FLOOR = 45.0  # dB under the strongest band: what is lower carries no speech
_NEAR_PEAK = 0.985
_FLAT = 2

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Measures:
    """`seconds` in all, `speech` of them spoken; `level` of the speech and its distance `snr` to the noise, in dB.

    `clipped` is the share of samples that stand flat at the top, `crest` how far the loudest half per cent rise above
    the speech (dB), `pauses` the share of time without speech, `band` the highest frequency with speech in it.
    """

    seconds: float
    speech: float
    level: float
    snr: float
    clipped: float
    crest: float
    pauses: float
    band: float

    def rounded(self) -> dict[str, float]:
        """The figures as they are kept."""
        return {name: round(value, 5 if name == "clipped" else 2) for name, value in asdict(self).items()}


def measure(pcm: Pcm) -> Measures:
    """Measure a recording of at least one sample."""
    sound = samples(pcm).astype(np.float64)
    levels = _levels(sound, pcm.sample_rate)
    spoken = speech_frames(pcm)
    speech = float(spoken.sum()) * FRAME_SECONDS
    loud, noise = _power(levels[spoken]), _noise(levels, spoken)
    return Measures(
        seconds=pcm.seconds,
        speech=speech,
        level=_decibels(loud),
        snr=_decibels(max(loud - noise, 1e-9) / max(noise, 1e-9)),
        clipped=_clipped(sound),
        crest=_crest(sound, _decibels(loud)),
        pauses=1.0 - min(1.0, speech / pcm.seconds),
        band=_band(sound, spoken, pcm.sample_rate),
    )


def speech_frames(pcm: Pcm) -> Mask:
    """Say which frames of 20 ms are within speech, short pauses included."""
    levels = _levels(samples(pcm).astype(np.float64), pcm.sample_rate)
    quiet, loud = np.percentile(levels, [5, 95])
    heard = levels > max(loud - _BELOW_LOUD, min(quiet + _ABOVE_NOISE, loud - _ABOVE_NOISE), _SILENCE + 20)
    return _bridge(np.asarray(heard))


def _levels(sound: Floats, rate: int) -> Floats:
    """Return the level of each frame in dB of full scale."""
    size = int(FRAME_SECONDS * rate)
    whole = np.pad(sound, (0, -len(sound) % size)).reshape(-1, size)
    return np.asarray(10 * np.log10(np.mean(whole**2, axis=1) + 10 ** (_SILENCE / 10)))


def _bridge(heard: Mask) -> Mask:
    """Fill gaps that are shorter than a pause."""
    filled, places = heard.copy(), np.flatnonzero(heard)
    for before, after in pairwise(places):
        if after - before <= _BRIDGED:
            filled[before:after] = True
    return filled


def _noise(levels: Floats, spoken: Mask) -> float:
    """Return the power of what is heard while nobody speaks, or in the quietest moments if somebody always does."""
    resting = levels[~spoken]
    if len(resting) * FRAME_SECONDS >= 0.3:
        return _power(resting[resting <= np.percentile(resting, 80)])
    return _power(np.sort(levels)[: max(1, len(levels) // 20)])


def _power(levels: Floats) -> float:
    return float(np.mean(10 ** (levels / 10))) if len(levels) else 10 ** (_SILENCE / 10)


def _decibels(power: float) -> float:
    return float(10 * np.log10(max(power, 1e-9)))


def _clipped(sound: Floats) -> float:
    """Return the share of samples in runs at the recording's own peak: clipping, at whatever level it is now."""
    top = float(np.abs(sound).max())
    flat = (np.abs(sound) >= _NEAR_PEAK * top) & (np.abs(np.diff(sound, append=0.0)) < (1 - _NEAR_PEAK) * top)
    runs = np.convolve(flat, np.ones(_FLAT), "valid") == _FLAT
    return float(runs.sum()) / max(len(sound), 1)


def _crest(sound: Floats, level: float) -> float:
    """Return what is left of the peaks; codecs round off a clipped wave's tops, but do not raise them again."""
    loudness = np.abs(sound[sound != 0])
    return _decibels(float(np.percentile(loudness, 99.5)) ** 2) - level if len(loudness) else 0.0


def _band(sound: Floats, spoken: Mask, rate: int) -> float:
    """Return the highest frequency whose loudest moments come near those of the strongest one."""
    size = int(FRAME_SECONDS * rate)
    whole = np.pad(sound, (0, -len(sound) % size)).reshape(-1, size)[spoken]
    if not len(whole):
        return 0.0
    power = np.abs(np.fft.rfft(whole * np.hanning(size), _FFT)) ** 2
    strong = 10 * np.log10(np.percentile(power, 95, axis=0) + 1e-12)
    kept = np.flatnonzero(strong > strong.max() - _BAND_FLOOR)
    return float(kept[-1] * rate / _FFT)
