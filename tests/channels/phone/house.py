"""What the phone's tests share: a switchboard of paper, a small front door, and a number to call."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlencode

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # the vendor ships no types

from channels.emulation.server import _Server
from channels.phone import SPEC
from channels.phone.adapter import PhoneChannel
from channels.phone.emulator import TwilioCaller
from core_pipeline.contracts.calls import CallNews, Ring, Ticket, Verdict
from core_pipeline.contracts.channel import WebhookRequest
from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.legs import Leg
from core_pipeline.contracts.messages import Inbound
from errors import Forged, Impossible, SawtakError
from tests.channels.bench import client, opening

TOKEN = SPEC.demo.secrets["auth_token"]
ACCOUNT = "acc1"

Talk = Callable[[Leg], Awaitable[None]]


def tone(seconds: float, hertz: float = 440.0, rate: int = 8000, level: float = 0.3) -> Pcm:
    """A sound that can be told from silence."""
    at = np.arange(int(rate * seconds)) / rate
    return Pcm((level * 32767 * np.sin(2 * np.pi * hertz * at)).astype("<i2").tobytes(), rate)


def loudness(pcm: bytes) -> float:
    """Root mean square of the samples, 0..1."""
    return float(np.sqrt(np.mean(np.frombuffer(pcm, "<i2").astype(float) ** 2))) / 32768 if pcm else 0.0


def sign(url: str, fields: dict[str, Any], token: str = TOKEN, algorithm: str = "HMAC_SHA1") -> str:
    """The vendor's signature."""
    return str(RequestValidator(token).compute_signature(url, fields, algorithm))


def form(url: str, fields: dict[str, str], token: str = TOKEN, signature: str | None = None) -> WebhookRequest:
    """A signed form that was posted to this URL."""
    given = sign(url, fields, token) if signature is None else signature
    headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": given}
    return WebhookRequest("POST", headers, {}, urlencode(fields).encode(), url)


@dataclass
class PaperBoard:
    """A switchboard that says what the test wrote on it, and notes what it is told."""

    base: str = "https://sawtak.example"
    kind: Literal["talk", "message", "refuse"] = "talk"
    language: str = "ar"
    words: str = "كل الخطوط مشغولة"
    sound: str = ""
    person_number: str = ""
    unknown_calls: bool = False
    talk: Talk | None = None
    rings: list[Ring] = field(default_factory=list)
    told: list[CallNews] = field(default_factory=list)
    messages: list[tuple[str, Inbound]] = field(default_factory=list)
    redeemed: list[str] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._waiting: dict[str, tuple[Ticket, str | None]] = {}
        self._numbers = itertools.count(1)
        self.talks: set[asyncio.Task[None]] = set()

    def url(self, event: str, scheme: Literal["https", "wss"] = "https") -> str:
        plain = self.base.startswith("http://")
        return f"{scheme[:-1] if plain else scheme}://{self.base.partition('://')[2]}/calls/phone/{ACCOUNT}/{event}"

    def ticket(self, provider_id: str | None = None) -> Ticket:
        """A call that may bring its sound."""
        number = next(self._numbers)
        ticket = Ticket(f"call{number}", "t1", ACCOUNT, f"token{number}&<\"'>")
        self._waiting[ticket.token] = (ticket, provider_id)
        return ticket

    async def ring(self, ring: Ring) -> Verdict:
        self.rings.append(ring)
        self.unknown_calls = False
        if self.kind == "talk":
            return Verdict("talk", self.language, self.ticket(ring.provider_id))
        return Verdict(self.kind, self.language, words=self.words, sound=self.sound)

    async def redeem(self, token: str, provider_id: str | None = None) -> Ticket:
        ticket, expected = self._waiting.pop(token, (None, None))
        if ticket is None or expected not in {None, provider_id}:
            raise Forged("call-token")
        self.redeemed.append(ticket.call_id)
        return ticket

    def carry(self, ticket: Ticket, leg: Leg) -> None:
        self.legs.append(leg)
        assert self.talk is not None
        task = asyncio.create_task(_talked(self.talk(leg)))
        self.talks.add(task)
        task.add_done_callback(self.talks.discard)

    async def news(self, news: CallNews) -> None:
        self.told.append(news)

    async def voicemail(self, provider_id: str, message: Inbound) -> None:
        if self.unknown_calls:
            raise Impossible("no-such-call")
        self.messages.append((provider_id, message))
        self.left.set()

    async def person(self, call_id: str) -> str:
        self.asked_for.append(call_id)
        return self.person_number


async def _talked(talk: Awaitable[None]) -> None:
    await talk


class PaperSocket:
    """A websocket whose other end the test wrote beforehand; it is silent after that unless `ends`."""

    def __init__(self, request: WebhookRequest, messages: Sequence[str | bytes] = (), *, ends: bool = False) -> None:
        self.request, self.ends = request, ends
        self.sent: list[str | bytes] = []
        self.accepted = False
        self.closed: int | None = None
        self._messages = list(messages)
        self._over = asyncio.Event()

    def put(self, message: str | bytes) -> None:
        """Have this arrive next, if nothing was asked for yet."""
        self._messages.append(message)

    async def accept(self, subprotocol: str | None = None) -> None:
        self.accepted = True

    async def refuse(self) -> None:
        self.closed = 403

    async def receive(self) -> str | bytes | None:
        if self._messages:
            return self._messages.pop(0)
        if not self.ends:
            await self._over.wait()
        return None

    async def send(self, data: str | bytes) -> None:
        self.sent.append(data)

    async def close(self, code: int = 1000) -> None:
        self.closed = code if self.closed is None else self.closed
        self._over.set()


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
