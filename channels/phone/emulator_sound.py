"""What an emulated caller's telephone plays, and what its microphone sends."""

from __future__ import annotations

import base64
import io
import wave
from functools import cache

import av
import numpy as np

from channels.phone import mulaw
from core_pipeline.contracts.engines import Pcm

FRAME = mulaw.RATE // 50
NOISE = 0.0007
_QUIET = 100
_NOISE_FRAMES = 200


def _quiet_codes() -> bytes:
    codes = bytes(range(256))
    linear = np.frombuffer(mulaw.decode(codes), "<i2").astype(int)
    return bytes(code for code in codes if abs(linear[code]) <= _QUIET)


QUIET_CODES = _quiet_codes()


def frames(codes: bytes) -> list[str]:
    """Frames of 20 ms as the payloads of messages; the last one is filled up with silence."""
    pieces = (codes[at : at + FRAME].ljust(FRAME, bytes([mulaw.SILENCE])) for at in range(0, len(codes), FRAME))
    return [base64.b64encode(piece).decode() for piece in pieces]


@cache
def noise() -> list[str]:
    """Four seconds of a quiet room, to be repeated: no line is ever digitally silent."""
    waves = np.random.default_rng(1).standard_normal(FRAME * _NOISE_FRAMES) * NOISE * 32768
    return frames(mulaw.encode(waves.astype("<i2").tobytes()))


def line_codes(pcm: Pcm) -> bytes:
    """The sound as it goes over the line, low-passed where it came with a higher rate."""
    if pcm.sample_rate == mulaw.RATE:
        return mulaw.encode(pcm.data)
    samples = np.frombuffer(pcm.data, "<i2").reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(samples, "s16", "mono")
    frame.sample_rate = pcm.sample_rate
    resampler = av.AudioResampler("s16", "mono", mulaw.RATE)
    made = [*resampler.resample(frame), *resampler.resample(None)]
    return mulaw.encode(b"".join(piece.to_ndarray().tobytes() for piece in made))


def wav(codes: bytes) -> bytes:
    """These codes as a WAV file, as the vendor hands out recordings."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(mulaw.RATE)
        file.writeframes(mulaw.decode(codes))
    return out.getvalue()


class Playout:
    """Plays in real time what was sent, and keeps all of it; times in seconds since the call was taken."""

    def __init__(self) -> None:
        self._codes = bytearray()
        self._running = False
        self.loud = 0.0
        self.underruns = 0
        self.missing = 0.0

    @property
    def end(self) -> float:
        """When everything that was sent will have been played."""
        return len(self._codes) / mulaw.RATE

    def add(self, codes: bytes, now: float) -> None:
        """Append sound; a hole within a sentence counts as an underrun."""
        at = int(now * mulaw.RATE)
        hole = at - len(self._codes)
        if hole > 0:
            if self._running and hole < mulaw.RATE:
                self.underruns += 1
                self.missing += hole / mulaw.RATE
            self._codes.extend(bytes([mulaw.SILENCE]) * hole)
        audible = len(codes.rstrip(QUIET_CODES))
        if audible:
            self.loud = (len(self._codes) + audible) / mulaw.RATE
        self._codes.extend(codes)
        self._running = True

    def marked(self) -> None:
        """A sentence is complete: a pause after it is none of its holes."""
        self._running = False

    def clear(self, now: float) -> None:
        """Throw away what was not played yet."""
        del self._codes[int(now * mulaw.RATE) :]
        self.loud = min(self.loud, now)
        self._running = False

    def heard(self, since: float, until: float) -> Pcm:
        """What was heard in that time, silence where nothing was played."""
        first, last = int(since * mulaw.RATE), int(until * mulaw.RATE)
        codes = bytes(self._codes[first:last]).ljust(max(0, last - first), bytes([mulaw.SILENCE]))
        return Pcm(mulaw.decode(codes), mulaw.RATE)
