"""An emulated customer with a real WebRTC peer: speaks and listens in real time, presses keys, watches the face."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCDataChannel
from aiortc.mediastreams import MediaStreamError

from channels.rtc.events import LABEL
from channels.rtc.incoming import Incoming
from channels.rtc.line import Line
from channels.rtc.opus import RATE, STEP
from channels.rtc.outgoing import Outgoing
from channels.rtc.pressing import Keypad
from channels.rtc.recording import Recording
from channels.wild import parse, table
from core_pipeline.contracts.engines import Pcm
from errors import Impossible, Retryable

_GATHERING = 8.0
_TICK = 0.02
_NOISE = 12  # of 32768: a room in which nobody speaks


@dataclass(frozen=True)
class Seen:
    """One picture of the face: when it was there, on the clock of `now`, and its pixels in RGB."""

    at: float
    picture: Any


class RtcCaller:
    """Half of a `contracts.calls.Caller`: all but how the two descriptions get to the other end.

    A subclass's `dial` brings `offer()` to the business and its answer to `answered`; or `answers` an offer of theirs.
    With `video` the face is watched: `seen` keeps its pictures. `told` keeps what came on the data channel.
    """

    sample_rate: int = RATE

    def __init__(self, *, video: bool = False, writes: bool = False) -> None:
        self.faults: list[str] = []
        self.seen: list[Seen] = []
        self.told: list[dict[str, Any]] = []
        self._random = np.random.default_rng(1)
        self._said = asyncio.Event()
        self._recording = Recording(RATE)
        self._cleared: list[float] = []
        self._ear = Incoming(self.hears, lambda key: self.faults.append(f"key {key}"))
        self._mouth = Outgoing(self._ear.beat, lambda _: self._said.set(), self._noise)
        self._line = Line((), self._mouth, self._ear)
        self._line.gone = self._ended
        self.ended = asyncio.Event()
        self._began: float | None = None
        self._keypad: Keypad | None = None
        self._channel: RTCDataChannel | None = None
        self._watching: asyncio.Task[None] | None = None
        if video:
            self._line.pc.addTransceiver("video", "recvonly")
            self._line.pc.on("track", self._track)
        if writes:
            self._attach(self._line.pc.createDataChannel(LABEL))
        self._line.pc.on("datachannel", self._attach)

    async def offer(self) -> str:
        """An offer to call with."""
        return await self._line.offer(_GATHERING)

    async def answers(self, offer: str) -> str:
        """An answer to their offer."""
        return await self._line.answer(offer, _GATHERING)

    async def answered(self, answer: str) -> None:
        """Take the answer to our offer."""
        await self._line.accept(answer)

    async def connected(self, timeout: float = 20.0) -> None:
        """Return once sound flows, which is when the call's time begins; `Retryable` when it never does."""
        try:
            async with asyncio.timeout(timeout):
                await self._line.settled.wait()
        except TimeoutError:
            raise Retryable("rtc", "no connection came about") from None
        if not self._line.connected:
            raise Retryable("rtc", "no connection came about")
        self.begin()
        keys = [kind for kind in self._line.audio._codecs if kind.name.lower() == "telephone-event"]  # noqa: SLF001 - told nowhere else
        if keys:
            self._keypad = Keypad(self._line.audio.sender, keys[0].payloadType or 0)

    def follow(self) -> None:
        """Leave the lead in finding a way to the other end, though the offer is ours."""
        ice: Any = self._line.audio.sender.transport.transport
        ice._connection.ice_controlling = False  # noqa: SLF001 - an offer's author leads, says aiortc

    def hears(self, pcm: bytes) -> None:
        """Take sound as it arrives."""
        self._recording.add(pcm, self.now)

    def begin(self) -> None:
        """Let the call's time begin now."""
        self._began, self._recording = time.monotonic(), Recording(RATE)

    async def say(self, pcm: Pcm) -> None:
        """Speak, in real time; returns at the end of it."""
        self._said.clear()
        self._mouth.put(_at_our_rate(pcm))
        self._mouth.mark("said")
        ended = asyncio.ensure_future(self.ended.wait())
        said = asyncio.ensure_future(self._said.wait())
        try:
            await asyncio.wait((ended, said), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
            said.cancel()

    async def press(self, digit: str) -> None:
        """Press a key among the sound; `Impossible` when the other end does not take keys."""
        if self._keypad is None:
            raise Impossible("no-keys", "the other end did not agree to telephone-event")
        self._keypad.press(digit)
        while not (self._keypad.idle or self.ended.is_set()):
            await asyncio.sleep(_TICK)

    async def listen(self, seconds: float) -> Pcm:
        """What is heard during the next seconds."""
        begin = self.now
        await asyncio.sleep(seconds)
        return self._recording.between(begin, begin + seconds)

    async def quiet(self, seconds: float, timeout: float = 30.0) -> None:
        """Return once nothing was heard for so long, after something was since now; TimeoutError otherwise."""
        begin = self.now
        async with asyncio.timeout(timeout):
            while not (begin <= self._recording.loud_at <= self.now - seconds):
                await asyncio.sleep(_TICK)

    @property
    def heard(self) -> Pcm:
        """Everything that was heard until now."""
        return self._recording.between(0.0, self.now)

    @property
    def cleared(self) -> Sequence[float]:
        """When we were told, on the data channel, to throw away what was not played."""
        return self._cleared

    @property
    def now(self) -> float:
        """Seconds since the call was taken."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    def write(self, message: dict[str, Any]) -> None:
        """Send a message on the data channel."""
        if self._channel is None or self._channel.readyState != "open":
            raise Impossible("no-channel", "the data channel is not open")
        self._channel.send(json.dumps(message))

    async def opened(self, timeout: float = 10.0) -> None:
        """Return once the data channel is open, whoever opened it."""
        async with asyncio.timeout(timeout):
            while self._channel is None or self._channel.readyState != "open":
                await asyncio.sleep(_TICK)

    async def until_told(self, count: int, timeout: float = 10.0) -> list[dict[str, Any]]:
        """Wait for so many messages on the data channel; each has `at`, on the clock of `now`."""
        async with asyncio.timeout(timeout):
            while len(self.told) < count:
                await asyncio.sleep(_TICK)
        return self.told

    async def wait_gone(self, timeout: float = 10.0) -> None:
        """Return once the connection has ended."""
        async with asyncio.timeout(timeout):
            await self.ended.wait()

    async def drop(self) -> None:
        """Break off without a word, as a lost network does."""
        ice: Any = self._line.audio.sender.transport.transport
        await ice._connection.close()  # noqa: SLF001 - everything public says good-bye
        await self.close()

    async def close(self) -> None:
        """Release everything; may be called again."""
        self._ended()
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        await self._line.close()

    def _noise(self) -> bytes:
        return self._random.integers(-_NOISE, _NOISE, STEP, np.int16).tobytes()

    def _ended(self) -> None:
        self.ended.set()

    def _attach(self, channel: RTCDataChannel) -> None:
        if self._channel is None and channel.label == LABEL:
            self._channel = channel
            channel.on("message", self._came)

    def _came(self, data: str | bytes) -> None:
        message = table(parse(data.encode() if isinstance(data, str) else data))
        self.told.append({"at": self.now, **message})
        if message.get("type") == "clear":
            self._cleared.append(self.now)

    def _track(self, track: MediaStreamTrack) -> None:
        if track.kind == "video":
            self._watching = asyncio.create_task(self._watch(track))

    async def _watch(self, track: MediaStreamTrack) -> None:
        try:
            before: float | None = None
            while True:
                frame = await track.recv()
                if before is not None and isinstance(frame, av.VideoFrame):
                    self.seen.append(Seen(before, frame.to_ndarray(format="rgb24")))
                before = self.now  # aiortc gives a picture out only when the next one begins to arrive
        except MediaStreamError:
            return


def _at_our_rate(pcm: Pcm) -> bytes:
    if pcm.sample_rate == RATE:
        return pcm.data
    resampler = av.AudioResampler("s16", "mono", RATE)
    whole = np.frombuffer(pcm.data[: len(pcm.data) // 2 * 2], np.int16)[None]
    frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono")
    frame.sample_rate = pcm.sample_rate
    parts = [*resampler.resample(frame), *resampler.resample(None)]
    return b"".join(part.to_ndarray().tobytes() for part in parts)
