"""A number that can be called in the phone's tests: a small front door, its channel, and somebody with a telephone."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from channels.emulation.server import _Server
from channels.phone import SPEC
from channels.phone.adapter import PhoneChannel
from channels.phone.emulator import TwilioCaller
from core_pipeline.contracts.channel import WebhookRequest
from errors import Forged, SawtakError
from tests.channels.bench import client, opening
from tests.channels.phone.paper import ACCOUNT, PaperBoard, Talk


class LiveSocket:
    """A `Socket` over the test server's websocket."""

    def __init__(self, socket: WebSocket, request: WebhookRequest) -> None:
        self._socket, self.request = socket, request
        self._closed = False

    async def accept(self, subprotocol: str | None = None) -> None:
        await self._socket.accept(subprotocol)

    async def refuse(self) -> None:
        await self.close()

    async def receive(self) -> str | bytes | None:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            self._closed = True
            return None
        found: str | bytes | None = message.get("text") or message.get("bytes")
        return found

    async def send(self, data: str | bytes) -> None:
        if self._closed:
            return
        try:
            await (self._socket.send_text(data) if isinstance(data, str) else self._socket.send_bytes(data))
        except (WebSocketDisconnect, RuntimeError):
            self._closed = True

    async def close(self, code: int = 1000) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            await self._socket.close(code)
        except (WebSocketDisconnect, RuntimeError):
            return


@dataclass
class Line:
    """A number that can be called: its channel, the switchboard, the front door, and somebody with a telephone."""

    channel: PhoneChannel
    board: PaperBoard
    caller: TwilioCaller
    refused: list[SawtakError]


def request_of(connection: HTTPConnection, base: str, method: str, body: bytes) -> WebhookRequest:
    """What arrived, as the front door hands it over."""
    query = connection.scope["query_string"].decode()
    url = f"{base}{connection.scope['raw_path'].decode()}{'?' + query if query else ''}"
    headers = {name.lower(): value for name, value in connection.headers.items()}
    return WebhookRequest(method, headers, dict(connection.query_params), body, url)


@dataclass
class FrontDoor:
    """Hands what arrives to the channel."""

    board: PaperBoard
    channel: PhoneChannel | None = None
    refused: list[SawtakError] = field(default_factory=list)
    down: bool = False

    async def http(self, request: Request) -> Response:
        assert self.channel is not None
        seen = request_of(request, self.board.base, request.method, await request.body())
        if self.down:
            return Response(status_code=503)
        try:
            answer = await self.channel.signal(request.path_params["event"], seen, self.board)
        except SawtakError as error:
            self.refused.append(error)
            return Response(status_code=403 if isinstance(error, Forged) else 404)
        return Response(answer.body, answer.status, media_type=answer.mime)

    async def websocket(self, websocket: WebSocket) -> None:
        assert self.channel is not None
        base = self.board.base.replace("http", "ws", 1)
        live = LiveSocket(websocket, request_of(websocket, base, "GET", b""))
        try:
            ticket, leg = await self.channel.connect(live, self.board)
        except SawtakError as error:
            self.refused.append(error)
            await live.close()
            return
        self.board.carry(ticket, leg)
        # The server ends a websocket whose function returns.
        await asyncio.gather(*self.board.talks, return_exceptions=True)

    def app(self, sound: bytes) -> Starlette:
        path = "/calls/phone/{account}/{event}"
        spoken = Response(sound, media_type="audio/wav")
        routes = [
            Route("/words.wav", lambda _: spoken),
            Route(path, self.http, methods=["GET", "POST"]),
            WebSocketRoute(path, self.websocket),
        ]
        return Starlette(routes=routes)


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    """Serve HTTP and websockets on this machine; gives the address."""
    config = uvicorn.Config(
        app, lifespan="off", ws="websockets-sansio", ws_per_message_deflate=False, log_config=None, access_log=False
    )
    server = _Server(config)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not (server.started or running.done()):
            await asyncio.sleep(0.005)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.end()
            await running


@asynccontextmanager
async def lined(
    talk: Talk | None = None, config: dict[str, Any] | None = None, **board: Any
) -> AsyncIterator[tuple[Line, FrontDoor]]:
    """Run everything that a call needs."""
    paper = PaperBoard(talk=talk, **board)
    door = FrontDoor(paper)
    async with AsyncExitStack() as running:
        base = await running.enter_async_context(serving(door.app(b"RIFF")))
        paper.base = base
        caller = await running.enter_async_context(TwilioCaller(SPEC.demo, base, ACCOUNT))
        http = await running.enter_async_context(client())
        door.channel = channel(http, config, api_url=caller.url)
        yield Line(door.channel, paper, caller, door.refused), door


def channel(http: Any, config: dict[str, Any] | None = None, secrets: Any = None, **platform: Any) -> PhoneChannel:
    """The demo number, opened."""
    opened = opening(SPEC, http, secrets, **platform)
    config_given = SPEC.config.model_validate({**SPEC.demo_config, **(config or {})})
    made = SPEC.open(replace(opened, config=config_given))
    assert isinstance(made, PhoneChannel)
    return made
