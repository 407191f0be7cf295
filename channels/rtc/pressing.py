"""Sends pressed keys among the sound, as a phone does: for a while its packets carry the key instead (RFC 4733)."""

from __future__ import annotations

from collections import deque
from typing import Any

from aiortc import RTCRtpSender
from aiortc.rtp import is_rtcp

from channels.rtc.keys import press
from channels.rtc.opus import WIRE_STEP

_STEPS = 5  # packets of 20 ms for which a key is held
_MARKER, _EXTENDED = 0x80, 0x10


class Keypad:
    """The keys of a sender whose other end takes events as `payload_type`."""

    def __init__(self, sender: RTCRtpSender, payload_type: int) -> None:
        self._payload_type = payload_type
        self._pressed: deque[tuple[bool, bytes]] = deque()
        self._timestamp = b""
        transport: Any = sender.transport
        usual = transport._send_rtp  # noqa: SLF001 - aiortc sends one codec only; this is where its packets leave

        async def sending(data: bytes) -> None:
            await usual(data if is_rtcp(data) else self._instead_of(data))

        transport._send_rtp = sending  # noqa: SLF001 - as above

    def press(self, digit: str) -> None:
        """Press and release a key, after those pressed before."""
        self._pressed.extend((number == 0, payload) for number, payload in enumerate(press(digit, WIRE_STEP, _STEPS)))

    @property
    def idle(self) -> bool:
        """Whether all that was pressed was sent."""
        return not self._pressed

    def _instead_of(self, packet: bytes) -> bytes:
        """Return what takes the place of a packet of sound: its number, but the time at which the key went down."""
        if not self._pressed:
            return packet
        first, payload = self._pressed.popleft()
        if first:
            self._timestamp = packet[4:8]
        header = 12 + 4 * (packet[0] & 0x0F)
        if packet[0] & _EXTENDED:
            header += 4 + 4 * int.from_bytes(packet[header + 2 : header + 4])
        marked = bytes([_MARKER * first | self._payload_type])
        return packet[:1] + marked + packet[2:4] + self._timestamp + packet[8:header] + payload
