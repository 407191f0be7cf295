"""Plain arithmetic on our own sound; numpy only, nothing here reads a stranger's bytes as anything but samples."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

import numpy as np
from numpy.typing import NDArray

from core_pipeline.contracts.engines import Pcm

FULL_SCALE = 32_768.0
PEAK = 10 ** (-3 / 20)
MAX_GAIN = 10 ** (12 / 20)
QUIET = 10 ** (-45 / 20)
SHORTEST_MARGIN, LONGEST_MARGIN = 0.06, 0.12
TAPER = 0.04

Samples = NDArray[np.float32]


def samples(pcm: Pcm) -> Samples:
    """Return the sound as float32 in −1..1."""
    return np.frombuffer(pcm.data, "<i2").astype(np.float32) / np.float32(FULL_SCALE)


def to_pcm(sound: NDArray[np.floating], sample_rate: int) -> Pcm:
    """Return float samples in −1..1 as PCM, rounded; what is louder is clipped."""
    scaled = np.rint(np.asarray(sound) * FULL_SCALE)
    return Pcm(np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype("<i2").tobytes(), sample_rate)


def peak(pcm: Pcm) -> float:
    """Return the loudest sample in 0..1; 0.0 for no samples."""
    raw = np.frombuffer(pcm.data, "<i2")
    return max(int(raw.max()), -int(raw.min())) / FULL_SCALE if raw.size else 0.0


def resample(pcm: Pcm, rate: int) -> Pcm:
    """Return the same sound at `rate` Hz, band-limited and without delay.

    Takes a whole utterance: it cuts the spectrum, so a stream resampled piece by piece would click at the seams.
    """
    if rate == pcm.sample_rate or not pcm.data:
        return Pcm(pcm.data, rate)
    divisor = gcd(rate, pcm.sample_rate)
    up, down = rate // divisor, pcm.sample_rate // divisor
    sound = samples(pcm)
    # The transform is circular: a tenth of a second of silence keeps the end from ringing into the start.
    blocks = _smooth(-(-(sound.size + pcm.sample_rate // 10) // down))
    spectrum = np.fft.rfft(sound, blocks * down)
    out = np.fft.irfft(_cut(spectrum, blocks * up // 2 + 1), blocks * up) * np.float32(up / down)
    return to_pcm(out[: -(-sound.size * up // down)], rate)


def join(parts: Sequence[Pcm]) -> Pcm:
    """Return all parts one after the other; ValueError for none or for different sample rates."""
    rates = {part.sample_rate for part in parts}
    if len(rates) != 1:
        raise ValueError(f"can't join {len(parts)} parts at rates {sorted(rates)}")
    return Pcm(b"".join(part.data for part in parts), rates.pop())


def add_noise(pcm: Pcm, snr_db: float, seed: int) -> Pcm:
    """Return the sound with white noise `snr_db` decibels below it, the same for the same seed; silence stays."""
    sound = samples(pcm)
    power = float(np.mean(sound**2)) if sound.size else 0.0
    noise = np.random.default_rng(seed).normal(0.0, np.sqrt(power * 10 ** (-snr_db / 10)), sound.size)
    return to_pcm(sound + noise, pcm.sample_rate)


def finish(pcm: Pcm) -> Pcm:
    """Return the sound ready to be sent: peak at −3 dBFS, 60 to 120 ms of silence at either end.

    Raised by 12 dB at most, so a whisper keeps its character and a hiss stays one; "silence" is 45 dB below
    the peak. Sound without a peak comes back as it is.
    """
    sound = samples(pcm)
    loudest = float(np.abs(sound).max(initial=0.0))
    if loudest == 0.0:
        return pcm
    loud = np.flatnonzero(np.abs(sound) >= loudest * QUIET)
    gain = min(PEAK / loudest, MAX_GAIN)
    return to_pcm(_margins(sound, int(loud[0]), int(loud[-1]) + 1, pcm.sample_rate) * np.float32(gain), pcm.sample_rate)


def _margins(sound: Samples, start: int, end: int, sample_rate: int) -> Samples:
    shortest, longest = int(SHORTEST_MARGIN * sample_rate), int(LONGEST_MARGIN * sample_rate)
    before, after = min(start, longest), min(sound.size - end, longest)
    kept = sound[start - before : end + after]
    return np.pad(kept, (max(0, shortest - before), max(0, shortest - after)))


def _cut(spectrum: NDArray[np.complexfloating], size: int) -> NDArray[np.complexfloating]:
    """Return `size` bins of the spectrum, faded out below the new limit so that the cut doesn't ring."""
    if size >= spectrum.size:
        return np.pad(spectrum, (0, size - spectrum.size))
    kept = spectrum[:size].copy()
    width = max(1, int(size * TAPER))
    kept[-width:] *= np.cos(np.linspace(0, np.pi / 2, width, dtype=np.float32)) ** 2
    return kept


def _smooth(least: int) -> int:
    """Return the smallest number >= `least` whose prime factors are 2, 3 and 5: transforms of that length are fast."""
    best = 1 << (least - 1).bit_length()
    for fives in (5**exponent for exponent in range(12)):
        for threes in (fives * 3**exponent for exponent in range(12)):
            twos = 1 << max(0, (-(-least // threes) - 1).bit_length())
            best = min(best, threes * twos)
    return best
