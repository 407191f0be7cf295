"""Pressed keys as they travel among the sound (RFC 4733)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

KEYS = "0123456789*#ABCD"
KEYS_MIME = "audio/telephone-event"
# Clock rate, payload type and events that we offer; the events differ because aiortc tells kinds by their parameters.
KEYS_OFFERED = ((48_000, 110, "0-15"), (8_000, 126, "0-16"))

_END, _VOLUME, _SEGMENT = 0x80, 10, 0xF000
_REPEATED = 3  # how often the last packet of an event is sent


@dataclass(frozen=True)
class KeyPacket:
    """One payload: which key, whether it was released, and for how long it was held until now, in the clock's ticks."""

    key: str
    ended: bool
    held: int

    @classmethod
    def of(cls, payload: bytes) -> KeyPacket | None:
        """Read a payload; None for an event that is no key."""
        if len(payload) < 4 or payload[0] >= len(KEYS):
            return None
        event, flags, held = struct.unpack_from("!BBH", payload)
        return cls(KEYS[event], bool(flags & _END), held)

    def __bytes__(self) -> bytes:
        return struct.pack("!BBH", KEYS.index(self.key), _END * self.ended | _VOLUME, self.held)


class KeyReader:
    """Finds the presses in a stream of payloads, each of which comes in many packets, some of them lost."""

    def __init__(self) -> None:
        self._last: tuple[int, KeyPacket] | None = None

    def take(self, payload: bytes, timestamp: int) -> str | None:
        """Return the key when this packet is the first that tells of its press."""
        found = KeyPacket.of(payload)
        if found is None:
            return None
        new = self._last is None or not self._goes_on(self._last, found, timestamp)
        self._last = (timestamp, found)
        return found.key if new else None

    @staticmethod
    def _goes_on(last: tuple[int, KeyPacket], found: KeyPacket, timestamp: int) -> bool:
        since = (timestamp - last[0]) & 0xFFFFFFFF
        # A key that is held for over a second is told of in segments as long as the field for their length allows.
        segment = last[1].key == found.key and not last[1].ended and _SEGMENT <= since <= 0xFFFF
        return since == 0 or segment


def press(digit: str, step: int, steps: int) -> Iterator[bytes]:
    """Yield the payloads of a key held for so many packets of `step` ticks, the last one repeated."""
    for number in range(1, steps + _REPEATED):
        yield bytes(KeyPacket(digit, number >= steps, min(number, steps) * step))
