"""A call's leg over WebRTC."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Literal

from channels.rtc.events import LABEL, Events
from channels.rtc.ice import IceServer
from channels.rtc.inbox import Inbox
from channels.rtc.incoming import Incoming
from channels.rtc.line import Line
from channels.rtc.opus import RATE
from channels.rtc.outgoing import Outgoing
from channels.rtc.pictures import Pictures
from core_pipeline.contracts.legs import Key, LegEvent, LiveFace, Reached, Sound, Told
from errors import Impossible, Retryable

_GATHERING, _CONNECTING = 8.0, 20.0
_BEATS, _GONE = 25, 12.0  # how often we look whether anything comes, and the seconds after which nobody is there
_SAYING_GOODBYE = 0.3


class RtcLeg:
    """Speaks Opus both ways, shows a face where `video` is wanted, and writes on the data channel "events".

    Begun by `answer` to their offer, or by `offer` and `accept_answer`; ends by itself when no connection comes about
    within `connecting` seconds, and when nothing at all has come for `gone` seconds. Once begun it must be listened to
    (`events`) or closed. Needs a running event loop. `over` is awaited, once, when everything was released.
    """

    sample_rate: int = RATE

    def __init__(
        self,
        ice_servers: Sequence[IceServer] = (),
        *,
        video: bool = False,
        connecting: float = _CONNECTING,
        gone: float = _GONE,
    ) -> None:
        self._inbox = Inbox(2 * RATE)
        self._out = Outgoing(self._beat, lambda name: self._inbox.put(Reached(name)))
        self._ear = Incoming(lambda pcm: self._inbox.put(Sound(pcm)), lambda key: self._inbox.put(Key(key)))
        self._pictures = Pictures(self._out.heard)
        self._line = Line(ice_servers, self._out, self._ear, self._pictures if video else None)
        self._line.gone = self._inbox.end
        self._written = Events(self._happened)
        self._line.pc.on("datachannel", self._written.attach)
        self._too_late = asyncio.get_running_loop().call_later(connecting, self._unless_connected)
        self._beats = self._packets = self._still = 0
        self._lost = self.transfers = False
        self._gone = gone
        self.over: Callable[[], Awaitable[None]] = _nothing
        self._closing: asyncio.Task[None] | None = None

    @property
    def screen(self) -> Literal["none", "text", "track", "films"]:
        """Moving pictures where video was agreed on, else what fits where they write with us."""
        if self._line.shows:
            return "track"
        return "none" if self._line.pc.sctp is None else "text"

    @property
    def dropped(self) -> bool:
        """Whether the caller went without a word."""
        return self._lost or self._line.failed

    @property
    def played(self) -> float:
        """Seconds of sound that were sent, silence not counted."""
        return self._out.played

    async def answer(self, offer: str) -> str:
        """Return our SDP to theirs, all candidates in it; raises `Impossible` "sdp" and `Retryable` "ice"."""
        try:
            return await self._line.answer(offer, _GATHERING)
        except BaseException:
            await self.close()
            raise

    async def offer(self, *, writes: bool = True) -> str:
        """Return an SDP of ours, all candidates in it; raises `Retryable` "ice". Not every vendor `writes`."""
        try:
            if writes:
                self._written.attach(self._line.pc.createDataChannel(LABEL))
            return await self._line.offer(_GATHERING)
        except BaseException:
            await self.close()
            raise

    async def accept_answer(self, answer: str) -> None:
        """Take their SDP to ours; `Impossible` "sdp" when it does not fit."""
        try:
            await self._line.accept(answer)
        except BaseException:
            await self.close()
            raise

    async def wait_connected(self) -> None:
        """Return once sound flows; `Retryable` "rtc" when the connection has ended before."""
        await self._line.settled.wait()
        if not self._line.connected:
            raise Retryable("rtc", "no connection came about: look at the firewall and the ICE servers")

    async def wait_gone(self) -> None:
        """Return once the connection has ended."""
        await self._inbox.wait_end()

    async def wait_sound(self) -> None:
        """Return once they send sound; `Retryable` "rtc" when the connection ends before."""
        begun = asyncio.ensure_future(self._line.ear.begun.wait())
        ended = asyncio.ensure_future(self._inbox.wait_end())
        try:
            await asyncio.wait((begun, ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            begun.cancel()
            ended.cancel()
        if not self._line.ear.begun.is_set():
            raise Retryable("rtc", "the call ended before anybody spoke")

    async def events(self) -> AsyncIterator[LegEvent]:
        """Yield what the caller does until the connection is dead, then release everything."""
        try:
            while (event := await self._inbox.get()) is not None:
                yield event
        finally:
            await self.close()

    async def play(self, pcm: bytes) -> None:
        """Queue sound."""
        self._out.put(pcm)

    async def mark(self, name: str) -> None:
        """Have `Reached(name)` yielded once everything before it was heard."""
        self._out.mark(name)

    async def clear(self) -> None:
        """Throw away what was not sent yet; its marks are yielded."""
        self._out.clear()

    async def told(self, what: Told) -> None:
        """Write it on the data channel."""
        self._written.told(what)

    async def film(self, data: bytes, mark: str) -> None:
        """Raise `Impossible`: this screen shows a track."""
        raise Impossible("no-films", f"{len(data)} bytes for mark {mark!r}: show a live face instead")

    def show(self, face: LiveFace | None) -> None:
        """Show this face from now on; it is closed when another is shown, and at the end."""
        self._pictures.show(face)

    async def transfer(self, to: str, words: str = "") -> None:
        """Raise `Impossible`: nobody else can be reached from here."""
        raise Impossible("no-transfer", f"{len(to) + len(words)} characters: a WebRTC call goes nowhere else")

    async def hang_up(self) -> None:
        """Say good-bye in writing and end the connection."""
        self._written.send("ended", reason="hangup")
        with suppress(TimeoutError):
            async with asyncio.timeout(_SAYING_GOODBYE):
                while self._written.waiting:
                    await asyncio.sleep(0.01)
        await self.close()

    async def close(self) -> None:
        """Release everything; may be called again."""
        await asyncio.shield(self._closed())

    def _closed(self) -> asyncio.Task[None]:
        if self._closing is None:
            self._closing = asyncio.create_task(self._release())
        return self._closing

    async def _release(self) -> None:
        self._inbox.end()
        self._too_late.cancel()
        await self._line.close()
        self._out.stop()
        self._pictures.stop()
        await self._pictures.close()
        await self.over()

    def _happened(self, event: LegEvent | None) -> None:
        if event is None:
            self._inbox.end()
        else:
            self._inbox.put(event)

    def _unless_connected(self) -> None:
        if not self._line.connected:
            self._closed()

    def _beat(self) -> None:
        """Every 20 ms: fill pauses of their stream with silence, and notice when nobody is there any more."""
        self._ear.beat()
        self._beats += 1
        if self._beats % _BEATS:
            return
        packets = self._line.packets()
        self._still = 0 if packets != self._packets else self._still + 1
        self._packets = packets
        if self._still * _BEATS * 0.02 >= self._gone and not self._inbox.ended:
            self._lost = True
            self._inbox.end()


async def _nothing() -> None:
    return
