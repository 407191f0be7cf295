"""AudioSocket on the wire: one byte of kind, two of length (big-endian), the payload; see the README for its source."""

from __future__ import annotations

from dataclasses import dataclass

HANGUP, ID, DIGIT, ERROR = 0x00, 0x01, 0x03, 0xFF
ID_BYTES = 16
# Signed 16-bit little-endian mono, by sample rate.
RATES = {
    0x10: 8000,
    0x11: 12000,
    0x12: 16000,
    0x13: 24000,
    0x14: 32000,
    0x15: 44100,
    0x16: 48000,
    0x17: 96000,
    0x18: 192000,
}
KINDS = {rate: kind for kind, rate in RATES.items()}
DIGITS = frozenset("0123456789*#ABCD")
_HEAD = 3


@dataclass(frozen=True)
class Frame:
    """One frame, whatever its kind."""

    kind: int
    payload: bytes = b""

    @property
    def wire(self) -> bytes:
        """The frame as it is sent; at most 65,535 bytes of payload."""
        return bytes((self.kind,)) + len(self.payload).to_bytes(2, "big") + self.payload

    @property
    def digit(self) -> str | None:
        """The key in a frame that tells of one; None for anything else."""
        key = self.payload[:1].decode("latin-1").upper()
        return key if self.kind == DIGIT and key in DIGITS else None

    def sound(self, rate: int) -> bytes:
        """The whole samples in a frame of sound at this rate; nothing in any other frame."""
        return self.payload[: len(self.payload) & ~1] if RATES.get(self.kind) == rate else b""


class Parser:
    """Cuts a stream into frames, in whatever pieces it comes; keeps less than one frame."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Add bytes and give the frames that are whole now; any bytes are frames, so nothing is refused."""
        self._rest += data
        frames, at = [], 0
        while len(self._rest) - at >= _HEAD:
            end = at + _HEAD + int.from_bytes(self._rest[at + 1 : at + _HEAD], "big")
            if len(self._rest) < end:
                break
            frames.append(Frame(self._rest[at], bytes(self._rest[at + _HEAD : end])))
            at = end
        del self._rest[:at]
        return frames
