"""Turns speech into what the demo recogniser sees; training and recognition share this very code.

80 log-mel energies per 10 ms (25 ms Hamming window, no dither), seven frames stacked every four: (ceil(T/4), 560).
The values equal those of FunASR's `WavFrontend` with `lfr_m=7, lfr_n=4, dither=0`.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd

import kaldi_native_fbank
import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
BANDS = 80
STACK, STRIDE = 7, 4
FRAME_SECONDS = 0.01 * STRIDE
_WINDOW_SAMPLES = 400
_TAPS = 24  # zero crossings on each side of the interpolating kernel
_ROLL_OFF = 0.95
_KAISER_BETA = 8.0

Samples = NDArray[np.float32]


def resample(samples: Samples, rate: int, target: int = SAMPLE_RATE) -> Samples:
    """Return the samples at the `target` rate, band-limited by a windowed sinc."""
    if rate == target or not len(samples):
        return samples
    common = gcd(rate, target)
    up, down = target // common, rate // common
    kernels, reach = _kernels(up, down)
    padded = np.pad(samples, (reach, reach + 1)).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernels.shape[1])
    result = np.empty(len(samples) * up // down, dtype=np.float32)
    for phase in range(min(up, len(result))):
        places = np.arange(phase, len(result), up) * down // up
        result[phase::up] = windows[places] @ kernels[phase * down % up]
    return result


@lru_cache(maxsize=8)
def _kernels(up: int, down: int) -> tuple[NDArray[np.float32], int]:
    """Return one kernel per fraction of a sample, indexed by (position · down) modulo up, and its reach."""
    cutoff = min(1.0, up / down) * _ROLL_OFF
    reach = int(np.ceil(_TAPS / cutoff))
    taps = np.arange(-reach, reach + 1)[None, :] - (np.arange(up) / up)[:, None]
    window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - (taps / (reach + 1)) ** 2, 0, 1))) / np.i0(_KAISER_BETA)
    return (cutoff * np.sinc(cutoff * taps) * window).astype(np.float32), reach


def log_mel(samples: Samples) -> NDArray[np.float32]:
    """Return (T, 80) log-mel energies of samples on the 16-bit scale at 16 kHz; at least one frame."""
    if len(samples) < _WINDOW_SAMPLES:
        samples = np.pad(samples, (0, _WINDOW_SAMPLES - len(samples)))
    bank = kaldi_native_fbank.OnlineFbank(_options())
    bank.accept_waveform(SAMPLE_RATE, samples.tolist())
    bank.input_finished()
    frames = [bank.get_frame(index) for index in range(bank.num_frames_ready)]
    return np.asarray(np.stack(frames), dtype=np.float32)


def stack(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Stack seven frames every four: (T, 80) → (ceil(T/4), 560); the edges repeat."""
    count = -(-len(frames) // STRIDE)
    left = STACK // 2
    right = max(0, (count - 1) * STRIDE + STACK - left - len(frames))
    padded = np.pad(frames, ((left, right), (0, 0)), mode="edge")
    places = np.arange(count)[:, None] * STRIDE + np.arange(STACK)[None, :]
    stacked: NDArray[np.float32] = padded[places].reshape(count, STACK * frames.shape[1])
    return stacked


def _options() -> kaldi_native_fbank.FbankOptions:
    options = kaldi_native_fbank.FbankOptions()
    frame, mel = options.frame_opts, options.mel_opts
    frame.samp_freq = SAMPLE_RATE
    frame.dither = 0.0
    frame.window_type = "hamming"
    frame.snip_edges = True
    mel.num_bins = BANDS
    options.energy_floor = 0.0
    return options
