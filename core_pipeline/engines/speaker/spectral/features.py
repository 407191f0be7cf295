"""What is characteristic of a voice in a recording: its spectrum's shape and liveliness, its pitch. Plain numpy.

Everything is taken over the frames that hold speech, so pauses and the level count for nothing.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
FRAMES_A_SECOND = 100
DIMENSIONS = 19 * 3 + 9 + 3
_HOP, _FRAME, _FFT = 160, 400, 512
_BANDS, _LOWEST_HZ, _HIGHEST_HZ = 40, 100.0, 7_000.0
_CEPSTRA = 20
_EMPHASIS = 0.97
_BELOW_LOUD, _ABOVE_FLOOR, _LEAST_ROOM = 30.0, 6.0, 10.0  # dB
_AUDIBLE = 50.0  # dB of a frame's power: about -80 dBFS
_PITCH_FRAME, _PITCH_FFT = 640, 1024  # the frame and its longest lag fit without wrapping round
_SHORTEST_LAG, _LONGEST_LAG = 40, 266  # 400 Hz and 60 Hz
_VOICED, _FIRST_PEAK = 0.5, 0.9
_CLIMB = 10
_LEAST_VOICED = 10
_TYPICAL_PITCH = 4.8  # log of the period in samples, as below, of a voice at 130 Hz

Floats = NDArray[np.float32]


def describe(samples: Floats) -> tuple[float, Floats]:
    """Return seconds of speech in the samples (16-bit scale, 16 kHz) and, if there are any, the (69,) description."""
    emphasised = np.append(samples[:1], samples[1:] - np.float32(_EMPHASIS) * samples[:-1])
    power = _power(emphasised)
    speech = _speech(power)
    seconds = float(speech.sum()) / FRAMES_A_SECOND
    if not speech.any():
        return seconds, np.zeros(DIMENSIONS, dtype=np.float32)
    cepstra = np.log(power @ _mel_bank().T + 1.0) @ _cosines().T
    return seconds, np.concatenate([_shape(cepstra, speech), _pitch(samples, speech)]).astype(np.float32)


def _power(samples: Floats) -> Floats:
    framed = _framed(samples, _FRAME) * np.hamming(_FRAME).astype(np.float32)
    power: Floats = (np.abs(np.fft.rfft(framed, _FFT)) ** 2).astype(np.float32)
    return power


def _framed(samples: Floats, length: int) -> Floats:
    padded = np.pad(samples, (0, max(0, length - len(samples))))
    return np.lib.stride_tricks.sliding_window_view(padded, length)[::_HOP]


def _speech(power: Floats) -> NDArray[np.bool_]:
    """Say which frames are loud enough to be speech, measured against the recording's own loud and quiet ones."""
    level = 10 * np.log10(power.sum(axis=1) + 1.0)
    quiet, loud = np.percentile(level, [10, 95])
    return np.asarray(level > max(loud - _BELOW_LOUD, min(quiet + _ABOVE_FLOOR, loud - _LEAST_ROOM), _AUDIBLE))


def _shape(cepstra: Floats, speech: NDArray[np.bool_]) -> Floats:
    """Return the cepstra's means, spreads and leanings, and how fast they change."""
    changes = np.gradient(cepstra, axis=0)[speech, 1:] if len(cepstra) > 1 else np.zeros_like(cepstra[:, 1:])
    kept = cepstra[speech, 1:]
    mean, spread = kept.mean(axis=0), kept.std(axis=0)
    leaning = (((kept[:, :9] - mean[:9]) / (spread[:9] + 1e-6)) ** 3).mean(axis=0)
    return np.concatenate([mean, np.log(spread + 1e-3), np.log(changes.std(axis=0) + 1e-3), leaning])


def _pitch(samples: Floats, speech: NDArray[np.bool_]) -> Floats:
    """Return the middle and the spread of the log period, and the share of voiced frames."""
    periods, voiced = _periods(samples, speech)
    if voiced.sum() < _LEAST_VOICED:
        return np.array([_TYPICAL_PITCH, 0.0, 0.0], dtype=np.float32)
    logs = np.log(periods[voiced])
    low, middle, high = np.percentile(logs, [25, 50, 75])
    return np.array([middle, high - low, voiced.mean()], dtype=np.float32)


def _periods(samples: Floats, speech: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the pitch period of each speech frame in samples, and whether it is voiced at all."""
    around = (_PITCH_FRAME - _FRAME) // 2
    framed = _framed(np.pad(samples, (around, _PITCH_FRAME)), _PITCH_FRAME)[: len(speech)][speech]
    alike = _autocorrelation(framed - framed.mean(axis=1, keepdims=True))[:, _SHORTEST_LAG:_LONGEST_LAG]
    best = alike.max(axis=1, keepdims=True)
    place = np.argmax(alike >= _FIRST_PEAK * best, axis=1)  # a multiple of the period matches as well: take the first
    rows = np.arange(len(place))
    for _ in range(_CLIMB):
        following = np.minimum(place + 1, alike.shape[1] - 1)
        place = np.where(alike[rows, following] > alike[rows, place], following, place)
    return (place + _SHORTEST_LAG).astype(np.float32), np.asarray(best[:, 0] > _VOICED)


def _autocorrelation(framed: Floats) -> Floats:
    """Return each frame's likeness with itself by lag, freed of the window's own fall."""
    window = np.hanning(_PITCH_FRAME).astype(np.float32)
    own, of_window = (
        np.fft.irfft(np.abs(np.fft.rfft(given, _PITCH_FFT)) ** 2)[..., : _LONGEST_LAG + 1]
        for given in (framed * window, window)
    )
    alike: Floats = (own / (own[:, :1] + 1e-6) / (of_window / of_window[0])).astype(np.float32)
    return alike


@lru_cache(maxsize=1)
def _mel_bank() -> Floats:
    edges = _hertz(np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), _BANDS + 2))
    bins = np.arange(_FFT // 2 + 1) * SAMPLE_RATE / _FFT
    left, middle, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    up, down = (bins - left) / (middle - left), (right - bins) / (right - middle)
    return np.maximum(0.0, np.minimum(up, down)).astype(np.float32)


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(700 * (10 ** (mel / 2595) - 1))


@lru_cache(maxsize=1)
def _cosines() -> Floats:
    turns = np.pi / _BANDS * (np.arange(_BANDS) + 0.5) * np.arange(_CEPSTRA)[:, None]
    return np.asarray(np.cos(turns) * np.sqrt(2 / _BANDS), dtype=np.float32)
