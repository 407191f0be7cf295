"""What the other end says: packets put in order and decoded as they come.

aiortc's own way holds 80 ms back for an even playback and decodes in a thread for each call. Ears need no even
playback: what is in order is heard at once. Its receiver still sees every packet, for the reports that the other end
adapts to.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from aiortc import RTCRtpReceiver
from aiortc.rtp import AnyRtcpPacket, RtcpByePacket, RtpPacket

from channels.rtc.keys import KeyReader
from channels.rtc.opus import SILENT, Decoder

_PATIENCE = 3  # packets after a gap before it is taken for a loss
_FAR = 200  # a number this far away is another stream
_QUIET = 0.1  # seconds after which a stream that pauses is heard as silence


class Incoming:
    """Gives `sound` its samples and `key` each press; `begun` is set by the first packet, `left` told of a good-bye."""

    def __init__(self, sound: Callable[[bytes], None], key: Callable[[str], None]) -> None:
        self._sound, self._key = sound, key
        self._decoder, self._keys = Decoder(), KeyReader()
        self._codecs: Mapping[int, str] = {}
        self._held: dict[int, RtpPacket] = {}
        self._next = self._source = -1
        self._at = 0.0
        self.begun = asyncio.Event()
        self.left: Callable[[], None] = _nothing

    def listen(self, receiver: RTCRtpReceiver, codecs: Mapping[int, str]) -> None:
        """Take what comes to this receiver from now on; `codecs` names what each payload type carries."""
        self._codecs = codecs
        usual = receiver._handle_rtp_packet  # noqa: SLF001 - the only place where events among the sound can be had
        decoding = [True]

        async def taken(packet: RtpPacket, arrival_time_ms: int) -> None:
            if decoding:
                decoding.clear()
                receiver._handle_disconnect()  # noqa: SLF001 - ends the thread that would decode it all again
            self.take(packet)
            await usual(packet, arrival_time_ms)

        reported = receiver._handle_rtcp_packet  # noqa: SLF001 - aiortc keeps the other end's good-bye to itself

        async def report(packet: AnyRtcpPacket) -> None:
            await reported(packet)
            if isinstance(packet, RtcpByePacket):
                self.left()

        open_receiver: Any = receiver
        open_receiver._handle_rtp_packet = taken  # noqa: SLF001 - as above
        open_receiver._handle_rtcp_packet = report  # noqa: SLF001 - as above

    def take(self, packet: RtpPacket) -> None:
        """Take one packet, in whatever order they come."""
        if packet.payload_type not in self._codecs:
            return
        self._at = time.monotonic()
        self.begun.set()
        number = packet.sequence_number
        ahead = (number - self._next) & 0xFFFF
        if packet.ssrc != self._source or _FAR < ahead < 0x10000 - _FAR:
            self._next, self._source, ahead = number, packet.ssrc, 0
            self._held.clear()
        if ahead <= _FAR:
            self._held[number] = packet
            self._pass_on()

    def beat(self) -> None:
        """Call it every 20 ms: a stream that pauses (or has not begun) is heard as silence."""
        if time.monotonic() - self._at > _QUIET:
            self._sound(SILENT)

    def _pass_on(self) -> None:
        while self._held:
            packet = self._held.pop(self._next, None)
            if packet is None and len(self._held) <= _PATIENCE:
                return
            self._next = (self._next + 1) & 0xFFFF
            if packet is None:
                self._sound(SILENT)
            else:
                self._open(packet)

    def _open(self, packet: RtpPacket) -> None:
        if self._codecs[packet.payload_type] == "opus":
            self._sound(self._decoder.pcm(packet.payload))
        elif key := self._keys.take(packet.payload, packet.timestamp):
            self._key(key)


def _nothing() -> None:
    return
