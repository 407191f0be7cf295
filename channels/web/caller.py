"""An emulated visitor of a website: speaks the socket's protocol in real time, and may lose its network."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlencode

import av
import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from channels.web.ear import Ear
from channels.web.protocol import FILM, SOUND, written
from core_pipeline.contracts.channel import EmulatorSetup
from core_pipeline.contracts.engines import Pcm
from errors import Impossible

RATE = 16000
FRAME = 0.02
FRAME_BYTES = int(RATE * FRAME) * 2
NOISE = 20
_MESSAGE_BYTES = 32 * 1024 * 1024


class WebCaller:
    """A visitor; `said` are all messages that came.

    They are let in by the setup's secret "key", "token" or "bearer" (any of both, in a header), from its platform's
    "origin". The platform may also hold "language", "mode", "avatar" and "visitor", as in the message `start`.
    """

    sample_rate = RATE

    def __init__(self, setup: EmulatorSetup, base: str) -> None:
        self._address = _address(setup, base)
        bearer = setup.secrets.get("bearer")
        self._headers = {"Authorization": f"Bearer {bearer}"} if bearer else None
        self._origin = Origin(setup.platform["origin"]) if setup.platform.get("origin") else None
        self._start = {"visitor": setup.external_id, "sample_rate": RATE, **_options(setup)}
        self.faults: list[str] = []
        self.said: list[dict[str, Any]] = []
        self.mode = self._start.get("mode", "live")
        self._ear = Ear(RATE, lambda name: self._send({"type": "mark", "name": name}))
        self._socket: ClientConnection | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._playing: asyncio.Task[None] | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self._mouth = bytearray()
        self._spoken = asyncio.Event()
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._session: dict[str, str] = {}
        self._seq = 0
        self._film: dict[str, Any] | None = None
        self._noise = np.random.default_rng(1).integers(-NOISE, NOISE, RATE, dtype=np.int16).tobytes()

    async def dial(self) -> None:
        """Open the socket and start; `Impossible` with what we were told when it is refused."""
        await self._open({"type": "start", **self._start})
        self._ear.begin()
        self._playing = asyncio.create_task(self._ear.play())
        self._run()

    async def say(self, pcm: Pcm) -> None:
        """Speak, in real time; in push mode the button is released at the end."""
        self._spoken.clear()
        self._mouth += _resampled(pcm)
        await self._spoken.wait()
        if self.mode == "push":
            self._send({"type": "finish"})

    async def press(self, digit: str) -> None:
        """Press a key."""
        self._send({"type": "key", "digit": digit})

    async def write(self, text: str) -> None:
        """Ask in writing."""
        self._send({"type": "text", "text": text})

    async def interrupt(self) -> None:
        """Press stop."""
        self._send({"type": "interrupt"})

    async def listen(self, seconds: float) -> Pcm:
        """What is heard during the next seconds."""
        since = self.now
        await asyncio.sleep(seconds)
        return self._ear.heard(since)

    async def quiet(self, seconds: float, timeout: float = 30.0) -> None:
        """Return once nothing was heard for so long, after something was since now; TimeoutError otherwise."""
        since = self.now
        async with asyncio.timeout(timeout):
            while not (since < self._ear.spoken_until <= self.now - seconds):
                await asyncio.sleep(FRAME)

    @property
    def heard(self) -> Pcm:
        """Everything that was heard until now."""
        return self._ear.heard()

    @property
    def cleared(self) -> Sequence[float]:
        """When we were told to throw away what was not played yet: seconds since the call was taken."""
        return self._ear.cleared

    @property
    def underruns(self) -> int:
        """How often a sentence had a gap because its sound came late."""
        return self._ear.underruns

    @property
    def now(self) -> float:
        """Seconds since the call was taken."""
        return self._ear.now

    async def drop(self) -> None:
        """Break off without a word, as a lost network does."""
        if self._socket is not None:
            self._socket.transport.abort()
        await self._stop()

    async def resume(self) -> None:
        """Go on with the same session over another socket; `Impossible` when it is over."""
        await self._open({"type": "start", **self._session, "played": self._ear.last_mark, "last": self._seq})
        self._run()

    async def hang_up(self) -> None:
        """Say good-bye and leave."""
        if self._socket is not None and not self._ended.done():
            with suppress(ConnectionClosed):
                await self._socket.send(written({"type": "end"}))
            with suppress(TimeoutError):
                await self.wait_end(5.0)
        await self._stop()
        if self._playing is not None:
            self._playing.cancel()
            await asyncio.gather(self._playing, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()

    async def wait_end(self, timeout: float = 30.0) -> str:
        """Wait for the business to end the call and give how it did."""
        async with asyncio.timeout(timeout):
            return await asyncio.shield(self._ended)

    async def _open(self, start: dict[str, Any]) -> None:
        try:
            self._socket = await connect(
                self._address,
                origin=self._origin,
                additional_headers=self._headers,
                max_size=_MESSAGE_BYTES,
                proxy=None,
                compression=None,
            )
        except InvalidStatus as error:
            raise Impossible("refused", f"the door answered {error.response.status_code}") from None
        await self._socket.send(written(start))
        try:
            first = json.loads(await self._socket.recv())
        except ConnectionClosed:
            raise Impossible("refused", "closed without a word") from None
        self.said.append(first)
        if first["type"] != "started":
            await self._socket.close()
            raise Impossible(first.get("code", "refused"), first.get("text", ""))
        self._session = {"session": first["session"], "resume": first["resume"]}

    def _run(self) -> None:
        self._tasks = [asyncio.create_task(work) for work in (self._speaking(), self._hearing())]

    async def _stop(self) -> None:
        self._spoken.set()
        for task in [*self._tasks, *self._sending]:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._sending, return_exceptions=True)
        self._tasks = []

    def _send(self, message: dict[str, Any]) -> None:
        task = asyncio.create_task(self._sent(written(message)))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _sent(self, data: str | bytes) -> None:
        if self._socket is not None:
            with suppress(ConnectionClosed):
                await self._socket.send(data)

    async def _speaking(self) -> None:
        """Send a frame every 20 ms: what is said, or a quiet room; with a button, nothing but what is said."""
        loop, frames = asyncio.get_running_loop(), 0
        begun = loop.time()
        while True:
            frame = bytes(self._mouth[:FRAME_BYTES])
            del self._mouth[:FRAME_BYTES]
            at = (frames * FRAME_BYTES) % (len(self._noise) - FRAME_BYTES)
            if frame or self.mode == "live":
                await self._sent(frame + self._noise[at + len(frame) : at + FRAME_BYTES])
            if not self._mouth:
                self._spoken.set()
            frames += 1
            await asyncio.sleep(begun + frames * FRAME - loop.time())

    async def _hearing(self) -> None:
        socket = self._socket
        assert socket is not None  # noqa: S101 - it was opened just before
        with suppress(ConnectionClosed):
            async for data in socket:
                await (self._told(json.loads(data)) if isinstance(data, str) else self._played(data))
        if not self._ended.done() and socket.close_code is not None:
            self._ended.set_result(f"closed:{socket.close_code}")

    async def _told(self, message: dict[str, Any]) -> None:
        self.said.append(message)
        self._seq = max(self._seq, message.get("seq", 0))
        if message["type"] == "mark":
            self._ear.mark(message["name"])
        elif message["type"] == "clear":
            self._ear.clear()
        elif message["type"] == "film":
            self._film = message
        elif message["type"] == "ended" and not self._ended.done():
            self._ended.set_result(message["reason"])

    async def _played(self, data: bytes) -> None:
        tag, body = data[:1], data[1:]
        if self._film is not None and tag == FILM:
            film, self._film = self._film, None
            self.faults += ["a film is not as long as it was said to be"] * (film["bytes"] != len(body))
            self._ear.hear(await asyncio.to_thread(_sound_of, body))
            self._ear.mark(film["mark"])
        elif tag == SOUND and not len(body) % 2:
            self.faults += ["sound after the end"] * self._ended.done()
            self._ear.hear(body)
        else:
            self.faults.append(f"a binary message of {len(data)} bytes that is neither sound nor an announced film")


@asynccontextmanager
async def visiting(setup: EmulatorSetup, base: str, account_id: str) -> AsyncIterator[WebCaller]:
    """A visitor who is about to talk to the business whose key or token the setup holds."""
    del account_id  # the key says whose it is
    caller = WebCaller(setup, base)
    try:
        yield caller
    finally:
        await caller.hang_up()


def _address(setup: EmulatorSetup, base: str) -> str:
    known = {name: setup.secrets[name] for name in ("key", "token") if setup.secrets.get(name)}
    return f"{base.replace('http', 'ws', 1).rstrip('/')}/ws/assistant?{urlencode(known)}"


def _options(setup: EmulatorSetup) -> dict[str, str]:
    return {
        name: setup.platform[name] for name in ("language", "mode", "avatar", "visitor") if setup.platform.get(name)
    }


def _resampled(pcm: Pcm) -> bytes:
    """The same sound at our rate; linear, which is good enough for a fake microphone."""
    if pcm.sample_rate == RATE:
        return pcm.data
    given = np.frombuffer(pcm.data, "<i2").astype(np.float64)
    wanted = np.arange(int(given.size * RATE / pcm.sample_rate)) * (pcm.sample_rate / RATE)
    heard: bytes = np.interp(wanted, np.arange(given.size), given).astype("<i2").tobytes()
    return heard


def _sound_of(film: bytes) -> bytes:
    """A film's sound at our rate; empty where it has none."""
    with av.open(io.BytesIO(film), "r") as box:
        resampler = av.AudioResampler("s16", "mono", RATE)
        frames = [ready for frame in box.decode(audio=0) for ready in resampler.resample(frame)]
        return b"".join(frame.to_ndarray().tobytes() for frame in [*frames, *resampler.resample(None)])
