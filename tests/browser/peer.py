"""The other end of a widget's WebRTC call, for the server of paper."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import numpy as np
from aiortc import MediaStreamTrack, RTCDataChannel, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from av import AudioFrame
from av.audio.resampler import AudioResampler
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.browser.paper import ANSWER, HEARD

RATE, FRAME = 48_000, 960


class Tone(MediaStreamTrack):
    """A quiet tone, in real time."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._sent = 0

    async def recv(self) -> AudioFrame:
        await asyncio.sleep(FRAME / RATE)
        time = (self._sent + np.arange(FRAME)) / RATE
        frame = AudioFrame.from_ndarray((3000 * np.sin(2 * np.pi * 330 * time)).astype("<i2")[None], "s16", "mono")
        frame.pts, frame.sample_rate = self._sent, RATE
        self._sent += FRAME
        return frame


class Peer:
    """Answers offers on `/api/v1/rtc`; `heard` is the visitor's sound at RATE, `got` what they wrote."""

    def __init__(self) -> None:
        self.offers: list[dict[str, Any]] = []
        self.got: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.heard = np.zeros(0, np.int16)
        self.enough = asyncio.Event()
        self.channel: RTCDataChannel | None = None
        self._open: list[RTCPeerConnection] = []
        self._tasks: list[asyncio.Task[None]] = []

    def routes(self) -> list[Route]:
        return [Route("/api/v1/rtc/ice", self._ice), Route("/api/v1/rtc", self._offer, methods=["POST"])]

    def tell(self, kind: str, **fields: Any) -> None:
        assert self.channel is not None
        self.channel.send(json.dumps({"type": kind, **fields}))

    def answer(self) -> None:
        self.tell("transcript", text=HEARD, turn=1, final=True, language="ar")
        self.tell("state", state="speaking")
        self.tell("answer", text=ANSWER[0], turn=1, language="ar")

    async def close(self) -> None:
        for connection in self._open:
            await connection.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _ice(self, _: Request) -> Response:
        return JSONResponse({"ice_servers": []})

    async def _offer(self, request: Request) -> Response:
        self.offers.append(await request.json())
        connection = RTCPeerConnection()
        self._open.append(connection)
        connection.on("track", self._track)
        connection.on("datachannel", self._channel)
        await connection.setRemoteDescription(RTCSessionDescription(self.offers[-1]["sdp"], "offer"))
        connection.addTrack(Tone())
        if self.offers[-1]["avatar"]:
            connection.addTrack(VideoStreamTrack())
        await connection.setLocalDescription(await connection.createAnswer())
        return JSONResponse({"sdp": connection.localDescription.sdp, "session": "s1"})

    def _channel(self, channel: RTCDataChannel) -> None:
        self.channel = channel
        channel.on("message", lambda text: self.got.put_nowait(json.loads(text)))
        self.tell("state", state="listening")

    def _track(self, track: MediaStreamTrack) -> None:
        self._tasks.append(asyncio.create_task(self._listen(track)))

    async def _listen(self, track: MediaStreamTrack) -> None:
        mono = AudioResampler("s16", "mono", RATE)
        while True:
            received = await track.recv()
            assert isinstance(received, AudioFrame)
            for frame in mono.resample(received):
                self.heard = np.concatenate([self.heard, frame.to_ndarray()[0]])
                if len(self.heard) > 1.5 * RATE and np.abs(self.heard[-RATE:]).max() > 1000:
                    self.enough.set()
