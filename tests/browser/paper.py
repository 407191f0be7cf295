"""A server of paper for the widget: it speaks the public API and docs/api/assistant.md, and understands nothing.

It keeps what it was given, and answers everything with the same words and the same sound.
"""

from __future__ import annotations

import asyncio
import io
import json
import socket
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from webhooks.server import listening

HEARD, ANSWER = "متى تفتحون؟", ("نفتح كل يوم من التاسعة صباحًا.", "ونغلق في العاشرة مساءً.")
RATE, ANSWER_SECONDS = 16_000, 0.8
# The second sentence lasts longer than any test waits: who hears its mark has had it cleared.
SENTENCE_SECONDS = (0.5, 60.0)
STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws:; media-src 'self' blob:; "
    "require-trusted-types-for 'script'"
)


@dataclass
class Session:
    """One conversation by socket, as the server knows it."""

    paper: Paper
    socket: WebSocket
    start: dict[str, Any]
    sound: bytearray = field(default_factory=bytearray)
    got: list[dict[str, Any]] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def tell(self, kind: str, **fields: Any) -> None:
        await self.socket.send_text(json.dumps({"type": kind, **fields}))

    async def answer(self, turn: int = 1) -> None:
        """Hear and answer: words, then each sentence with its sound and a mark."""
        await self.tell("transcript", text="متى", turn=turn, final=False, language="ar")
        await self.tell("transcript", text=HEARD, turn=turn, final=True, language="ar")
        await self.tell("state", state="thinking")
        await self.tell("state", state="speaking")
        for number, (sentence, seconds) in enumerate(zip(ANSWER, SENTENCE_SECONDS, strict=True)):
            await self.tell("answer", text=sentence, turn=turn, language="ar")
            await self.socket.send_bytes(b"\x01" + tone(seconds))
            await self.tell("mark", name=f"{turn}.{number}")

    async def until(self, ready: Any) -> None:
        """Wait until this is true of the session; asked anew whenever something arrives."""
        async with asyncio.timeout(15), self.news:
            await self.news.wait_for(ready)

    def marks(self) -> list[str]:
        return [one["name"] for one in self.got if one["type"] == "mark"]

    def kinds(self) -> list[str]:
        return [one["type"] for one in self.got]

    async def read(self) -> None:
        while True:
            message = await self.socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            async with self.news:
                if message.get("bytes") is not None:
                    self.sound += message["bytes"]
                else:
                    self.got.append(json.loads(message["text"]))
                self.news.notify_all()


class Paper:
    """The server: `asked` are the questions by REST, `sessions` the conversations by socket."""

    def __init__(self) -> None:
        self.address = ""
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.sessions: asyncio.Queue[Session] = asyncio.Queue()
        self.refusal: tuple[int, dict[str, str]] | None = None
        self.film = b""
        self.polls = 0

    def routes(self) -> list[BaseRoute]:
        """Everything but the widget's own files."""
        return [
            Route("/page", self._page),
            Route("/health/live", _live),
            Route("/api/v1/voice/query", self._query, methods=["POST"]),
            Route("/api/v1/complete-flow", self._flow, methods=["POST"]),
            Route("/api/v1/jobs/{job}", self._job),
            Route("/answer.wav", self._sound),
            Route("/answer.mp4", self._film),
            WebSocketRoute("/ws/assistant", self._assistant),
        ]

    async def session(self) -> Session:
        """The next conversation that begins, or goes on."""
        async with asyncio.timeout(15):
            return await self.sessions.get()

    async def _page(self, request: Request) -> Response:
        """A page with the widget: ?lang= is the page's, everything else becomes an attribute."""
        given = dict(request.query_params)
        lang = given.pop("lang", "en")
        attributes = " ".join(f'{name}="{value}"' for name, value in given.items())
        body = (
            f'<!doctype html><html lang="{lang}"><head><meta name="viewport" content="width=device-width"><title>Page'
            f'</title><script type="module" src="/widget/voice-mic.js"></script></head><body><main><h1>Page</h1>'
            f'<voice-mic key="pk_test" {attributes}></voice-mic></main></body></html>'
        )
        return HTMLResponse(body, headers={"Content-Security-Policy": STRICT})

    async def _query(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        if self.refusal:
            return JSONResponse({}, self.refusal[0], headers=self.refusal[1])
        async with request.form() as form:
            self.asked.append({k: v if isinstance(v, str) else await v.read() for k, v in form.items()})
        said = {"transcript": HEARD, "response_text": " ".join(ANSWER), "audio_url": "/answer.wav", "language": "ar"}
        return JSONResponse({"job_id": "j0", "state": "done", "progress": 100, **said})

    async def _flow(self, request: Request) -> Response:
        self.asked.append(await request.json())
        return JSONResponse({"job_id": "j1", "state": "queued", "progress": 0}, 202)

    async def _job(self, request: Request) -> Response:
        self.polls += 1
        said = {"transcript": HEARD, "response_text": ANSWER[0], "audio_url": "/answer.wav", "language": "ar"}
        return JSONResponse({"job_id": "j1", "state": "done", "progress": 100, **said, "video_url": "/answer.mp4"})

    async def _sound(self, _: Request) -> Response:
        return Response(wav(ANSWER_SECONDS), media_type="audio/wav")

    async def _film(self, _: Request) -> Response:
        return Response(self.film, media_type="video/mp4")

    async def _assistant(self, socket: WebSocket) -> None:
        if self.refusal:
            return await socket.close()
        await socket.accept()
        session = Session(self, socket, json.loads(await socket.receive_text()))
        again = "resume" in session.start
        terms = {"session": "s1", "resume": "r1", "sample_rate": RATE, "language": "ar", "resumed": again}
        await session.tell("started", **terms)
        await session.tell("state", state="listening")
        self.sessions.put_nowait(session)
        try:
            await session.read()
        except WebSocketDisconnect:
            return None


@asynccontextmanager
async def served(paper: Paper, *more: BaseRoute) -> AsyncIterator[Paper]:
    """Serve it, with these routes beside, on a port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    paper.address = f"http://127.0.0.1:{port}"
    async with listening(Starlette(routes=[*paper.routes(), *more]), "127.0.0.1", port):
        yield paper


def tone(seconds: float, pitch: float = 330.0) -> bytes:
    """A quiet tone at RATE."""
    time = np.arange(int(seconds * RATE)) / RATE
    return bytes((3000 * np.sin(2 * np.pi * pitch * time)).astype("<i2").tobytes())


def wav(seconds: float) -> bytes:
    """The same as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(tone(seconds))
    return file.getvalue()


async def _live(_: Request) -> Response:
    return JSONResponse({"status": "live"})
