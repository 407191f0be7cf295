"""An emulated Asterisk with one customer on the line: rings by HTTP where it has a secret, then speaks AudioSocket."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Self
from urllib.parse import urlencode
from uuid import UUID, uuid4

import httpx
import numpy as np

from channels.audiosocket.ear import FRAME_BYTES, RATE, Ear
from channels.audiosocket.frames import DIGIT, HANGUP, ID, KINDS, Frame, Parser
from channels.audiosocket.line import SECRET_HEADER
from core_pipeline.contracts.channel import EmulatorSetup
from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.legs import FRAME_SECONDS
from errors import Impossible

NUMBER, NAME = "01000000001", "Emulated"
NOISE = 8
STEP = 0.02
CONNECT_SECONDS, PATIENCE = 2.0, 10.0


class AsteriskCaller:
    """The `Caller` of this channel; `underruns` counts the frames that came too late within what was being said.

    `faults` is what Asterisk, or the ear at its other end, would not have liked.
    """

    sample_rate: int = RATE

    def __init__(self, setup: EmulatorSetup, base: str, account_id: str) -> None:
        self._setup, self._base = setup, f"{base.rstrip('/')}/calls/audiosocket/{account_id}"
        self._number = setup.platform.get("number", NUMBER)
        self._http = httpx.AsyncClient(timeout=PATIENCE, trust_env=False)
        self._ear, self._parser = Ear(), Parser()
        self.faults = self._ear.faults
        self._uuid, self._rang = UUID(setup.external_id), False
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._mouth: deque[tuple[bytes, asyncio.Event | None]] = deque()
        self._begun = 0.0
        self._ended: str | None = None
        self._flows, self._over = asyncio.Event(), asyncio.Event()
        noise = np.random.default_rng(1).normal(0, NOISE, RATE).astype("<i2").tobytes()
        self._noise = [noise[at : at + FRAME_BYTES] for at in range(0, len(noise), FRAME_BYTES)]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.drop()
        await self._http.aclose()

    @property
    def underruns(self) -> int:
        """Frames that came too late within what was being said."""
        return self._ear.underruns

    @property
    def now(self) -> float:
        """Seconds since the call was taken."""
        return asyncio.get_running_loop().time() - self._begun if self._begun else 0.0

    @property
    def heard(self) -> Pcm:
        """Everything that was heard until now."""
        return self._ear.heard(self.now)

    @property
    def cleared(self) -> Sequence[float]:
        """Never: the protocol can take nothing back."""
        return ()

    async def dial(self) -> None:
        """Ring, connect and wait for sound; `Impossible` with the dialplan's word where we don't talk."""
        if self._setup.secrets.get("secret"):
            await self._ring()
        host = self._setup.platform.get("host", "127.0.0.1")
        port = self._setup.port or int(self._setup.platform.get("port", 0))
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, self._writer = await asyncio.open_connection(host, port)
        self._writer.write(Frame(ID, self._uuid.bytes).wire)
        self._begun = asyncio.get_running_loop().time()
        self._tasks = [asyncio.create_task(self._talk()), asyncio.create_task(self._listen(reader))]
        async with asyncio.timeout(PATIENCE):
            await self._flows.wait()
        if self._over.is_set():
            raise Impossible("refused", "the connection was closed before any sound came")

    async def say(self, pcm: Pcm) -> None:
        """Speak, in real time; returns at the end of it."""
        sound, done = _at_our_rate(pcm), asyncio.Event()
        pieces = [sound[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\0") for at in range(0, len(sound), FRAME_BYTES)]
        self._mouth.extend((piece, None) for piece in pieces)
        self._mouth.append((b"", done))
        await _first(done, self._over)

    async def press(self, digit: str) -> None:
        """Press a key."""
        self._write(Frame(DIGIT, digit.encode("ascii")))

    async def listen(self, seconds: float) -> Pcm:
        """What is heard during the next seconds."""
        start = self.now
        await asyncio.sleep(seconds)
        return Pcm(self._ear.heard(start + seconds).data[round(start * RATE) * 2 :], RATE)

    async def quiet(self, seconds: float, timeout: float = 30.0) -> None:
        """Return once nothing was heard for so long, after something was since now; TimeoutError otherwise."""
        since = self.now
        async with asyncio.timeout(timeout):
            while not (since < (self._ear.last_heard or 0.0) <= self.now - seconds):
                await asyncio.sleep(STEP)

    async def drop(self) -> None:
        """Break the connection off without a word."""
        if self._writer is not None:
            self._writer.transport.abort()
        await self._close()

    async def hang_up(self) -> None:
        """End the call as Asterisk does when the customer hangs up: by closing the connection."""
        self._write(Frame(HANGUP))
        await self._close()

    async def wait_end(self, timeout: float = 30.0) -> str:
        """Wait for the end and do as the dialplan does then: "hangup", "transfer:…", "message", "refused"."""
        if self._ended is None:
            async with asyncio.timeout(timeout):
                await self._over.wait()
            to = await self._asked("after", uuid=str(self._uuid)) if self._rang else ""
            self._ended = f"transfer:{to}" if to else "hangup"
        return self._ended

    async def _ring(self) -> None:
        word = await self._asked("ring", call=f"emulated.{uuid4().hex}", name=NAME, **{"from": self._number})
        kind = word.partition("=")[0]
        if kind in {"message", "refuse"}:
            self._ended = {"message": "message", "refuse": "refused"}[kind]
            raise Impossible(self._ended, "the business does not talk now")
        self._uuid, self._rang = UUID(word), True

    async def _asked(self, event: str, **fields: str) -> str:
        """What the dialplan's CURL gives."""
        headers = {SECRET_HEADER: self._setup.secrets["secret"], "content-type": "application/x-www-form-urlencoded"}
        answer = await self._http.post(f"{self._base}/{event}", content=urlencode(fields), headers=headers)
        if answer.status_code != httpx.codes.OK:
            raise Impossible("refused", f"{event} was answered with {answer.status_code}")
        return answer.text

    async def _talk(self) -> None:
        """Send a frame every 20 ms, however late the last one was."""
        loop, number = asyncio.get_running_loop(), 0
        while not self._over.is_set():
            self._write(Frame(KINDS[RATE], self._next(number)))
            number += 1
            await asyncio.sleep(max(0.0, self._begun + number * FRAME_SECONDS - loop.time()))

    def _next(self, number: int) -> bytes:
        while self._mouth:
            piece, done = self._mouth.popleft()
            if done is None:
                return piece
            done.set()
        return self._noise[number % len(self._noise)]

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(4096):
                for frame in self._parser.feed(data):
                    if frame.kind == HANGUP:
                        return self._hung_up()
                    self._ear.take(frame, self.now)
                    self._flows.set()
        return self._hung_up()

    def _hung_up(self) -> None:
        self._over.set()
        self._flows.set()
        if self._writer is not None:
            self._writer.close()

    def _write(self, frame: Frame) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(frame.wire)

    async def _close(self) -> None:
        self._hung_up()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._writer is not None:
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()


def _at_our_rate(pcm: Pcm) -> bytes:
    """The sound at 8 kHz, by straight lines between the samples: a telephone's microphone is no better."""
    if pcm.sample_rate == RATE:
        return pcm.data
    samples = np.frombuffer(pcm.data, "<i2")
    at = np.arange(0, samples.size, pcm.sample_rate / RATE)
    return bytes(np.interp(at, np.arange(samples.size), samples).astype("<i2").tobytes())


async def _first(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
