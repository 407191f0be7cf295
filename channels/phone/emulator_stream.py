"""One emulated media stream: sound both ways in real time, over a signed websocket."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections import deque
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from channels.phone.emulator_sound import FRAME, Playout, frames, line_codes, noise
from core_pipeline.contracts.engines import Pcm

_SECONDS = 0.02
_BURST = 12
_LATE = 0.4
_CHUNK = 5 * FRAME


@dataclass(frozen=True)
class Handshake:
    """How the stream begins: the address dialled, its signature, whose call it is, what the TwiML sends along."""

    url: str
    signature: str
    account_sid: str
    call_sid: str
    parameters: Mapping[str, str]


@dataclass
class Quirks:
    """What the network does to a call: frames in bursts, marks that come back late."""

    bursty: bool = False
    late_marks: bool = False


@dataclass
class Stream:
    """Carries one call's sound until either end closes it."""

    handshake: Handshake
    quirks: Quirks
    faults: list[str]
    playout: Playout = field(default_factory=Playout)
    cleared: list[float] = field(default_factory=list)
    sid: str = field(default_factory=lambda: f"MZ{token_hex(16)}")
    flows: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: bool = False

    def __post_init__(self) -> None:
        self._mouth: deque[tuple[str, asyncio.Future[None] | None]] = deque()
        self._marks: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sequence, self._began = 1, asyncio.get_running_loop().time()
        self._socket: ClientConnection | None = None

    @property
    def now(self) -> float:
        """Seconds since the stream began."""
        return asyncio.get_running_loop().time() - self._began

    async def run(self) -> None:
        """Connect and talk until the socket closes; raises OSError or a websocket's error when it can't be opened."""
        signed = {"x-twilio-signature": self.handshake.signature}
        given: dict[str, Any] = {"compression": None, "ping_interval": None, "max_queue": None, "proxy": None}
        async with connect(self.handshake.url, additional_headers=signed, **given) as socket:
            self._socket = socket
            await self._begin(socket)
            sending = asyncio.create_task(_until_closed(self._send(socket)))
            try:
                with contextlib.suppress(ConnectionClosed):
                    async for message in socket:
                        self._told(message)
            finally:
                await self._release(sending)

    async def say(self, pcm: Pcm) -> None:
        """Send this sound in real time; returns when the last of it was sent, or the stream ended."""
        loop = asyncio.get_running_loop()
        spoken: asyncio.Future[None] = loop.create_future()
        payloads = await asyncio.to_thread(lambda: frames(line_codes(pcm)))
        if not payloads or self.stopped:
            return
        self._mouth.extend((payload, None) for payload in payloads[:-1])
        self._mouth.append((payloads[-1], spoken))
        await spoken

    async def press(self, digit: str) -> None:
        """Send a key."""
        await self._put("dtmf", {"track": "inbound_track", "digit": digit})

    async def stop(self) -> None:
        """End the stream as the vendor does when the call ends."""
        if self._socket is None or self.stopped:
            return
        told = {"accountSid": self.handshake.account_sid, "callSid": self.handshake.call_sid}
        await self._put("stop", told)
        self.stopped = True
        await self._socket.close()

    def cut(self) -> None:
        """Lose the network."""
        self.stopped = True
        if self._socket is not None:
            self._socket.transport.abort()

    async def _begin(self, socket: ClientConnection) -> None:
        await socket.send('{"event":"connected","protocol":"Call","version":"1.0.0"}')
        start = {
            "streamSid": self.sid,
            "accountSid": self.handshake.account_sid,
            "callSid": self.handshake.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": dict(self.handshake.parameters),
        }
        whole = {"event": "start", "sequenceNumber": "1", "streamSid": self.sid, "start": start}
        await socket.send(json.dumps(whole))
        self._began = asyncio.get_running_loop().time()
        self.flows.set()

    async def _send(self, socket: ClientConnection) -> None:
        loop, quiet, count = asyncio.get_running_loop(), noise(), 0
        head = f'","streamSid":"{self.sid}","media":{{"track":"inbound","chunk":"'
        while True:
            held = _BURST if self.quirks.bursty else 1
            # A frame is sent once all of it was spoken; in bursts the older ones come late.
            await asyncio.sleep(self._began + (count + held) * _SECONDS - loop.time())
            for _ in range(held):
                payload, spoken = self._mouth.popleft() if self._mouth else (quiet[count % len(quiet)], None)
                count += 1
                self._sequence += 1
                stamp = f'{count}","timestamp":"{20 * count + 32}","payload":"{payload}"}}}}'
                try:
                    await socket.send(f'{{"event":"media","sequenceNumber":"{self._sequence}{head}{stamp}')
                finally:
                    _said(spoken)

    def _told(self, text: str | bytes) -> None:
        try:
            message = json.loads(text)
            if message["streamSid"] != self.sid:
                raise ValueError
            self._done(message)
        except (ValueError, KeyError, TypeError):
            self.faults.append(f"no message of a stream: {text[:80]!r}")

    def _done(self, message: dict[str, Any]) -> None:
        now = self.now
        match message["event"]:
            case "media":
                codes = base64.b64decode(message["media"]["payload"], validate=True)
                if not codes or len(codes) % FRAME or len(codes) > _CHUNK:
                    self.faults.append(f"a chunk of {len(codes)} bytes, not of 20 to 100 ms")
                self.playout.add(codes, now)
            case "mark":
                self.playout.marked()
                self._mark(str(message["mark"]["name"]), max(0.0, self.playout.end - now))
            case "clear":
                self.cleared.append(now)
                self.playout.clear(now)
                for name in list(self._marks):
                    self._mark(name, 0.0)
            case other:
                self.faults.append(f"unknown event {other}")

    def _mark(self, name: str, wait: float) -> None:
        if name in self._marks:
            self._marks.pop(name).cancel()
        late = _LATE if self.quirks.late_marks else 0.0
        self._marks[name] = asyncio.get_running_loop().call_later(wait + late, self._reach, name)

    def _reach(self, name: str) -> None:
        self._marks.pop(name, None)
        self._soon(self._put("mark", {"name": name}))

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _put(self, event: str, told: dict[str, Any]) -> None:
        if self._socket is None or self.stopped:
            return
        self._sequence += 1
        whole = {"event": event, "sequenceNumber": str(self._sequence), "streamSid": self.sid, event: told}
        await _until_closed(self._socket.send(json.dumps(whole)))

    async def _release(self, sending: asyncio.Task[None]) -> None:
        self.stopped = True
        for handle in self._marks.values():
            handle.cancel()
        for task in (sending, *self._tasks):
            task.cancel()
        await asyncio.gather(sending, *self._tasks, return_exceptions=True)
        for _, spoken in self._mouth:
            _said(spoken)
        self._mouth.clear()


def _said(spoken: asyncio.Future[None] | None) -> None:
    if spoken and not spoken.done():
        spoken.set_result(None)


async def _until_closed(work: Coroutine[Any, Any, None]) -> None:
    with contextlib.suppress(ConnectionClosed):
        await work
