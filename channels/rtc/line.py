"""One WebRTC connection with sound both ways, and what is agreed for it."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpCodecParameters,
    RTCRtpReceiver,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.codecs import CODECS
from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError, OperationError

from channels.rtc.ice import IceServer
from channels.rtc.incoming import Incoming
from channels.rtc.keys import KEYS_MIME, KEYS_OFFERED
from channels.rtc.outgoing import Outgoing
from errors import Impossible, Retryable

log = logging.getLogger(__name__)

_AUDIO, _VIDEO = ("audio/opus", KEYS_MIME), ("video/vp8", "video/rtx", "video/h264")
_MEDIA = {"audio", "video", "application"}
_MOST_CHARS, _MOST_CANDIDATES = 65_536, 48
_CLOSING = 3.0
_WRONG = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError,
    InternalError, InvalidAccessError, InvalidStateError, OperationError,
)  # fmt: skip

# aiortc agrees only to what is in its list; what comes of it we read ourselves, before it looks for a decoder.
CODECS["audio"].extend(
    RTCRtpCodecParameters(KEYS_MIME, rate, 1, payload_type, parameters={events: None})
    for rate, payload_type, events in KEYS_OFFERED
)


class Line:
    """A connection that sends `out`, hears by `ear` and shows `pictures` to whom they fit; `gone` is told of its end.

    `connected` says whether sound flows, `settled` is set once it does or never will; `failed` that it broke off.
    """

    def __init__(
        self, servers: Sequence[IceServer], out: Outgoing, ear: Incoming, pictures: MediaStreamTrack | None = None
    ) -> None:
        ice = [RTCIceServer(list(one.urls), one.username, one.credential) for one in servers]
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=ice))
        self.ear, self._pictures = ear, pictures
        self.audio = self._added(out, _AUDIO)
        self.video: RTCRtpTransceiver | None = None
        self.connected, self.settled, self.failed = False, asyncio.Event(), False
        self.gone: Callable[[], None] = _nothing
        ear.left = self._end
        self.pc.on("connectionstatechange", self._changed)

    async def answer(self, offer: str, patience: float) -> str:
        """Agree to their offer and return ours to it; `Impossible` "sdp" for one that can't be agreed to."""
        if self._pictures is not None and "m=video" in offer:
            self.video = self._added(self._pictures, _VIDEO)
        await self._heed(offer, "offer")
        return await self._ours(patience)

    async def offer(self, patience: float) -> str:
        """Return an offer of ours; `Retryable` when looking for ways to us takes over `patience` seconds."""
        if self._pictures is not None:
            self.video = self._added(self._pictures, _VIDEO)
        return await self._ours(patience)

    async def accept(self, answer: str) -> None:
        """Take their answer to our offer; `Impossible` "sdp" for one that does not fit."""
        await self._heed(answer, "answer")

    @property
    def shows(self) -> bool:
        """Whether they take our pictures."""
        return self.video is not None and self.video.currentDirection in {"sendonly", "sendrecv"}

    def packets(self) -> int:
        """How many packets of any kind have come."""
        report = self.audio.receiver.transport._get_stats()  # noqa: SLF001 - the public way asks every stream, in tasks
        return sum(getattr(one, "packetsReceived", 0) for one in report.values())

    async def close(self) -> None:
        """Release everything."""
        self._end()
        self.gone = _nothing
        try:
            async with asyncio.timeout(_CLOSING):
                await self.pc.close()
        except (TimeoutError, *_WRONG) as error:  # what was half agreed to can't always be taken apart
            log.debug("a connection was not closed properly: %s", type(error).__name__)

    def _added(self, track: MediaStreamTrack, codecs: Sequence[str]) -> RTCRtpTransceiver:
        transceiver = self.pc.addTransceiver(track, "sendrecv" if track.kind == "audio" else "sendonly")
        offered = RTCRtpReceiver.getCapabilities(track.kind)
        wanted = offered.codecs if offered is not None else []
        ranked = [one for name in codecs for one in wanted if one.mimeType.lower() == name]
        transceiver.setCodecPreferences(ranked)
        return transceiver

    async def _heed(self, sdp: str, kind: str) -> None:
        _check(sdp)
        async with _refusing():
            await self.pc.setRemoteDescription(RTCSessionDescription(sdp, kind))
            agreed = {one.payloadType or 0: one.name.lower() for one in self.audio._codecs}  # noqa: SLF001 - told nowhere else
            if next(iter(agreed.values()), "") != "opus" or self.audio.receiver.track is None:
                raise Impossible("sdp", "they don't offer sound in Opus both ways")
            self.ear.listen(self.audio.receiver, agreed)

    async def _ours(self, patience: float) -> str:
        try:
            async with asyncio.timeout(patience), _refusing():
                await self.pc.setLocalDescription()
        except TimeoutError:
            raise Retryable("ice", "the STUN and TURN servers in the settings don't answer", after=5.0) from None
        return self.pc.localDescription.sdp

    def _changed(self) -> None:
        state = self.pc.connectionState
        self.connected = state == "connected"
        if self.connected:
            self.settled.set()
        elif state in {"failed", "closed"}:
            self.failed = state == "failed"
            self._end()

    def _end(self) -> None:
        self.settled.set()
        self.gone()


def _nothing() -> None:
    return


def _check(sdp: str) -> None:
    if len(sdp) > _MOST_CHARS or not sdp.startswith("v=0"):
        raise Impossible("sdp", "that is no session description")
    media = re.findall(r"^m=(\w+)", sdp, re.MULTILINE)
    if set(media) - _MEDIA or len(media) != len(set(media)) or sdp.count("a=candidate:") > _MOST_CANDIDATES:
        raise Impossible("sdp", "a call has one stream of each kind and a few candidates only")
    bundled = {name for line in re.findall(r"^a=group:BUNDLE(.*)$", sdp, re.MULTILINE) for name in line.split()}
    if bundled - set(re.findall(r"^a=mid:(\S+)", sdp, re.MULTILINE)):
        raise Impossible("sdp", "its BUNDLE names a stream that is not there")


@asynccontextmanager
async def _refusing() -> AsyncIterator[None]:
    """Turn whatever a wild description makes of aiortc into one error."""
    try:
        yield
    except _WRONG as wrong:
        raise Impossible("sdp", f"the description can't be agreed to ({type(wrong).__name__})") from wrong
