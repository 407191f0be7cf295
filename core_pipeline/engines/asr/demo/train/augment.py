"""Spoils clean speech the way telephones and messengers do: opus, µ-law, noise, level, silence."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import av
import av.codec
import numpy as np
from av.audio.codeccontext import AudioCodecContext

from core_pipeline.engines.asr.demo.features import SAMPLE_RATE, Samples, resample

_OPUS_FRAME = 320  # 20 ms at 16 kHz
_OPUS_OUT = 48_000
_TELEPHONE_RATE = 8_000
_FULL_SCALE = 32_767.0


def opus(samples: Samples, bits_per_second: int) -> Samples:
    """Return the speech after an opus encoder and decoder (voip), about 6 ms late."""
    encoder = _audio("libopus", "w", SAMPLE_RATE, "s16")
    encoder.bit_rate = bits_per_second
    encoder.options = {"application": "voip", "compression_level": "1"}
    decoder = _audio("opus", "r", _OPUS_OUT, None)
    padded = np.pad(_clip(samples), (0, -len(samples) % _OPUS_FRAME)).astype(np.int16)
    packets = []
    for start in range(0, len(padded), _OPUS_FRAME):
        packets += encoder.encode(_frame(padded[start : start + _OPUS_FRAME], SAMPLE_RATE, start))
    packets += encoder.encode(None)
    heard = [frame.to_ndarray()[0] for packet in packets for frame in decoder.decode(packet)]
    wide = np.concatenate(heard).astype(np.float32) * _FULL_SCALE
    return _fit(resample(wide, _OPUS_OUT), len(samples))


def mu_law(samples: Samples) -> Samples:
    """Return the speech after a telephone line: 8 kHz, G.711 µ-law."""
    encoder = _audio("pcm_mulaw", "w", _TELEPHONE_RATE, "s16")
    decoder = _audio("pcm_mulaw", "r", _TELEPHONE_RATE, "s16")
    narrow = _clip(resample(samples, SAMPLE_RATE, _TELEPHONE_RATE)).astype(np.int16)
    packets = encoder.encode(_frame(narrow, _TELEPHONE_RATE, 0)) + encoder.encode(None)
    heard = [frame.to_ndarray()[0] for packet in packets for frame in decoder.decode(packet)]
    return _fit(resample(np.concatenate(heard).astype(np.float32), _TELEPHONE_RATE), len(samples))


def noise(samples: Samples, decibels: float, rng: np.random.Generator) -> Samples:
    """Add white, coloured or humming noise at a signal-to-noise ratio in decibels."""
    kind = rng.integers(3)
    hiss: Samples = rng.standard_normal(len(samples)).astype(np.float32)
    if kind == 1:
        width = int(rng.integers(4, 16))
        hiss = np.convolve(hiss, np.ones(width) / width, "same").astype(np.float32)
    elif kind == 2:
        turns = np.arange(len(samples)) / SAMPLE_RATE * rng.uniform(40, 240) * 2 * np.pi
        hiss = (0.3 * hiss + np.sin(turns) + 0.5 * np.sin(3 * turns)).astype(np.float32)
    return add_noise(samples, hiss, decibels)


def add_noise(samples: Samples, hiss: Samples, decibels: float) -> Samples:
    """Add the given noise at a signal-to-noise ratio in decibels."""
    loudness = np.sqrt(np.mean(samples**2) + 1e-6) / np.sqrt(np.mean(hiss**2) + 1e-9)
    return _clip(samples + hiss * loudness * 10 ** (-decibels / 20))


def surround(samples: Samples, rng: np.random.Generator) -> Samples:
    """Put 0.05–0.5 s of silence on both sides."""
    before, after = rng.integers(SAMPLE_RATE // 20, SAMPLE_RATE // 2, 2)
    return np.pad(samples, (int(before), int(after)))


def spoil(samples: Samples, rng: np.random.Generator) -> Samples:
    """Draw one fate at random: clean, noisy, a messenger's opus or a telephone line, at any level."""
    samples = surround(samples, rng) * np.float32(10 ** (rng.uniform(-14, 3) / 20))
    fate = rng.random()
    if fate < 0.2:
        return _clip(samples)
    if fate < 0.5:
        return noise(samples, rng.uniform(3, 25), rng)
    if rng.random() < 0.6:
        samples = noise(samples, rng.uniform(8, 30), rng)
    return opus(samples, int(rng.integers(12, 25)) * 1000) if fate < 0.77 else mu_law(samples)


def _audio(codec: str, mode: Literal["r", "w"], rate: int, layout_format: str | None) -> AudioCodecContext:
    context: object = av.codec.CodecContext.create(av.codec.Codec(codec, mode), mode)
    if not isinstance(context, AudioCodecContext):
        raise TypeError(codec)
    context.sample_rate = rate
    context.layout = "mono"
    if layout_format:
        context.format = layout_format
    if mode == "w":
        context.time_base = Fraction(1, rate)
    return context


def _frame(samples: np.ndarray[tuple[int], np.dtype[np.int16]], rate: int, start: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
    frame.sample_rate = rate
    frame.pts = start
    frame.time_base = Fraction(1, rate)
    return frame


def _clip(samples: Samples) -> Samples:
    return np.clip(samples, -_FULL_SCALE, _FULL_SCALE).astype(np.float32)


def _fit(samples: Samples, length: int) -> Samples:
    return np.pad(samples[:length], (0, max(0, length - len(samples))))
