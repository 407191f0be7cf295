"""N callers of a Media Streams socket in real time: what they hear, when, and how smoothly."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from base64 import b64encode
from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

RATE, FRAME = 8_000, 160
FRAME_SECONDS = FRAME / RATE
STAGGER = 0.37
NOISE = 0.001
LISTEN_BEFORE_BARGE = 2.5
LISTEN_AFTER_BARGE = 2.0
PATIENCE = 8.0
# Silence longer than this between two pieces is a pause between sentences, not a gap within one.
LONGEST_GAP = 0.6
TICK = 0.005


def mulaw(sound: NDArray[np.float32]) -> bytes:
    """G.711 of samples in −1..1."""
    wide = np.clip(sound * 32767, -32635, 32635).astype(np.int32)
    size = np.abs(wide) + 132
    exponent = np.clip(np.floor(np.log2(size)).astype(np.int32) - 7, 0, 7)
    code = np.where(wide < 0, 0x80, 0) | (exponent << 4) | ((size >> (exponent + 3)) & 15)
    return bytes((~code & 255).astype(np.uint8))


def frames(sound: NDArray[np.float32]) -> list[str]:
    """The payloads of a stretch of sound, 20 ms each."""
    coded = mulaw(sound)
    pieces = [coded[at : at + FRAME].ljust(FRAME, b"\xff") for at in range(0, len(coded), FRAME)]
    return [b64encode(piece).decode() for piece in pieces]


@dataclass
class Heard:
    """What one caller measured; seconds. A None among `first` or `clears` is an answer that never came."""

    first: list[float | None] = field(default_factory=list)
    after_barge: list[float | None] = field(default_factory=list)
    clears: list[float | None] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)


class Line:
    """One caller: sends a frame every 20 ms by the clock, keeps when sound came and when it was to be thrown away."""

    def __init__(self, number: int, silence: list[str]) -> None:
        self.sid = f"MZ{number:032x}"
        self.heard = Heard()
        self._silence = silence
        self._speech: deque[str] = deque()
        self._spoken = asyncio.Event()
        self._sounds: list[float] = []
        self._cleared: list[float] = []
        self._dry_at = 0.0
        self._marks: dict[str, asyncio.TimerHandle] = {}
        self._socket: ClientConnection | None = None

    async def call(self, url: str, delay: float, questions: tuple[list[str], list[str]], turns: int) -> Heard:
        """Ask, break in with another question, listen to the end; as often as there are turns."""
        await asyncio.sleep(delay)
        async with connect(url, ping_interval=None, max_queue=None, compression=None) as self._socket:
            await self._start()
            pumps = [asyncio.create_task(self._send()), asyncio.create_task(self._receive())]
            try:
                await asyncio.sleep(1.5)
                for _ in range(turns):
                    await self._turn(*questions)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
            await self._tell({"event": "stop", "streamSid": self.sid})
        return self.heard

    async def _turn(self, question: list[str], other: list[str]) -> None:
        ended = await self._say(question)
        self.heard.first.append(await self._until(self._sounds, ended))
        if self.heard.first[-1] is None:
            return
        await asyncio.sleep(LISTEN_BEFORE_BARGE)
        begun = time.perf_counter()
        saying = asyncio.create_task(self._say(other))
        self.heard.clears.append(await self._until(self._cleared, begun))
        ended = await saying
        self.heard.after_barge.append(await self._until(self._sounds, ended))
        await asyncio.sleep(LISTEN_AFTER_BARGE)
        while self._dry_at + LONGEST_GAP > time.perf_counter():
            await asyncio.sleep(TICK)

    async def _say(self, speech: list[str]) -> float:
        """Speak; gives when the last of it was sent."""
        self._spoken.clear()
        self._speech.extend(speech)
        await self._spoken.wait()
        return time.perf_counter()

    async def _until(self, times: list[float], since: float) -> float | None:
        """How long after `since` the first of these came."""
        over = time.perf_counter() + PATIENCE
        while time.perf_counter() < over:
            found = next((at for at in reversed(times) if at > since), None)
            if found is not None:
                return min(at for at in times if at > since) - since
            await asyncio.sleep(TICK)
        return None

    async def _start(self) -> None:
        shape = {"encoding": "audio/x-mulaw", "sampleRate": RATE, "channels": 1}
        start = {"streamSid": self.sid, "accountSid": "AC0", "callSid": f"CA{self.sid[2:]}", "tracks": ["inbound"]}
        await self._tell({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        started = {**start, "mediaFormat": shape, "customParameters": {}}
        await self._tell({"event": "start", "sequenceNumber": "1", "streamSid": self.sid, "start": started})

    async def _tell(self, message: dict[str, object]) -> None:
        if self._socket is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._socket.send(json.dumps(message))

    async def _send(self) -> None:
        begun, number = time.perf_counter(), 0
        head = f'{{"event":"media","streamSid":"{self.sid}","media":{{"track":"inbound","chunk":"'
        while self._socket is not None:
            speaking = bool(self._speech)
            payload = self._speech.popleft() if speaking else self._silence[number % len(self._silence)]
            if speaking and not self._speech:
                self._spoken.set()
            text = f'{head}{number}","timestamp":"{number * 20}","payload":"{payload}"}}}}'
            await self._socket.send(text)
            number += 1
            wait = begun + number * FRAME_SECONDS - time.perf_counter()
            if wait < 0:
                self.heard.late.append(-wait)
            await asyncio.sleep(max(0.0, wait))

    async def _receive(self) -> None:
        if self._socket is None:
            return
        with contextlib.suppress(ConnectionClosed):
            async for message in self._socket:
                now, told = time.perf_counter(), json.loads(message)
                if told["event"] == "media":
                    self._sound(now, len(told["media"]["payload"]) * 3 // 4 / RATE)
                elif told["event"] == "clear":
                    self._cleared.append(now)
                    self._dry_at = now
                    self._flush()
                elif told["event"] == "mark":
                    self._mark(now, told["mark"]["name"])

    def _sound(self, now: float, seconds: float) -> None:
        gap = now - self._dry_at
        if self._sounds and now - self._sounds[-1] < LONGEST_GAP and 0.001 < gap < LONGEST_GAP:
            self.heard.gaps.append(gap)
        self._dry_at = max(self._dry_at, now) + seconds
        self._sounds.append(now)

    def _mark(self, now: float, name: str) -> None:
        loop = asyncio.get_running_loop()
        self._marks[name] = loop.call_later(max(0.0, self._dry_at - now), self._return, name)

    def _flush(self) -> None:
        for name, timer in list(self._marks.items()):
            timer.cancel()
            self._return(name)

    def _return(self, name: str) -> None:
        self._marks.pop(name, None)
        back = self._tell({"event": "mark", "streamSid": self.sid, "mark": {"name": name}})
        task = asyncio.ensure_future(back)
        task.add_done_callback(lambda done: done.exception())


async def crowd(url: str, callers: int, questions: tuple[NDArray[np.float32], ...], turns: int) -> list[Heard]:
    """Have so many call at once, each a third of a second after the one before."""
    noise = np.random.default_rng(1).standard_normal(RATE * 4).astype(np.float32) * np.float32(NOISE)
    silence = frames(noise)
    spoken = [frames(one + np.resize(noise, one.shape)) for one in questions]
    lines = [Line(number, silence) for number in range(callers)]
    asking = [line.call(url, at * STAGGER, (spoken[0], spoken[1]), turns) for at, line in enumerate(lines)]
    return await asyncio.gather(*asking)
