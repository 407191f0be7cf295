"""Speech into Opus and back, 20 ms at a time: mono at 16 kHz, which is what hearing and speaking need."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np

if TYPE_CHECKING:
    from av.packet import Packet

RATE = 16_000
WIRE_RATE = 48_000  # of Opus' clock on the wire, whatever is inside
STEP = RATE // 50
FRAME_BYTES = 2 * STEP
WIRE_STEP = WIRE_RATE // 50
SILENT = bytes(FRAME_BYTES)

_WIRE_BASE = Fraction(1, WIRE_RATE)
_NOTHING = b"\xf8\xff\xfe"  # an Opus packet of 20 ms without sound
_OPTIONS = {"application": "voip", "compression_level": "5", "fec": "1", "packet_loss": "5"}
_BITS = 28_000


class Encoder:
    """Makes packets for the wire; 0.1 ms each, so it needs no thread."""

    def __init__(self) -> None:
        self._codec = av.CodecContext.create("libopus", "w")
        self._codec.sample_rate, self._codec.format, self._codec.layout = RATE, "s16", "mono"
        self._codec.bit_rate, self._codec.options = _BITS, _OPTIONS
        self._number = 0

    def packet(self, pcm: bytes, step: int) -> Packet[Any]:
        """Return the next packet, with 20 ms of sound in it; `step` counts 20 ms, also those without a packet.

        What comes late must not claim to be on time: pictures are held against the same clock at the other end.
        """
        packet = av.Packet(self._encoded(pcm))
        packet.pts, packet.time_base = step * WIRE_STEP, _WIRE_BASE
        self._number += 1
        return packet

    def _encoded(self, pcm: bytes) -> bytes:
        frame = av.AudioFrame.from_ndarray(np.frombuffer(pcm, np.int16)[None], format="s16", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), self._number * STEP
        made = self._codec.encode(frame)
        return bytes(made[0]) if made else _NOTHING


class Decoder:
    """Turns packets into samples at `RATE`; what can't be decoded is silence."""

    def __init__(self) -> None:
        self._codec = av.CodecContext.create("libopus", "r")
        self._codec.sample_rate, self._codec.format, self._codec.layout = WIRE_RATE, "s16", "mono"
        self._resampler = av.AudioResampler("s16", "mono", RATE)

    def pcm(self, packet: bytes) -> bytes:
        """Return a packet's sound, of any length; 0.03 ms."""
        try:
            frames = self._codec.decode(av.Packet(packet)) if packet else []
        except av.error.FFmpegError:
            return SILENT
        return b"".join(part.to_ndarray().tobytes() for frame in frames for part in self._resampler.resample(frame))
