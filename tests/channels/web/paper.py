"""A socket and a switchboard of paper: what a page sends, what it gets, and what became of its call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

from channels import discover
from channels.web.channel import WebChannel
from channels.web.config import WebConfig, WebPlatform
from channels.web.leg import Patience, WebLeg
from channels.web.sessions import Sessions
from core_pipeline.contracts.calls import CallNews, Ring, Ticket, Verdict, Words
from core_pipeline.contracts.channel import Admitted, Opening, WebhookRequest
from core_pipeline.contracts.legs import Leg, LegEvent, Reached
from core_pipeline.contracts.messages import Inbound
from errors import Forged

SPEC = discover()["web"]
QUICK = Patience(back=0.3, slow=0.3)


class PaperSocket:
    """The page's end is `send_in`, `gone` and `sent`; while `stuck` is set, nothing can be sent to it."""

    def __init__(self, request: WebhookRequest | None = None) -> None:
        self.request: WebhookRequest = request or Admitted("GET", {}, {}, b"")
        self.sent: list[str | bytes] = []
        self.closed: int | None = None
        self.accepted = self.refused = False
        self.stuck = asyncio.Event()
        self.stuck.set()
        self._in: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._news = asyncio.Event()

    async def accept(self, subprotocol: str | None = None) -> None:
        self.accepted = True

    async def refuse(self) -> None:
        self.refused = True
        await self.close(403)

    async def receive(self) -> str | bytes | None:
        return await self._in.get()

    async def send(self, data: str | bytes) -> None:
        await self.stuck.wait()
        if self.closed is None:
            self.sent.append(data)
            self._news.set()

    async def close(self, code: int = 1000) -> None:
        if self.closed is None:
            self.closed = code
            self._in.put_nowait(None)
            self._news.set()

    def send_in(self, *messages: dict[str, Any] | str | bytes) -> None:
        """The page sends these."""
        for message in messages:
            self._in.put_nowait(json.dumps(message) if isinstance(message, dict) else message)

    def gone(self) -> None:
        """The network is lost."""
        self._in.put_nowait(None)

    @property
    def told(self) -> list[dict[str, Any]]:
        """The text messages that the page got."""
        return [json.loads(one) for one in self.sent if isinstance(one, str)]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Those of one type."""
        return [one for one in self.told if one["type"] == kind]

    async def wait(self, kind: str, count: int = 1) -> dict[str, Any]:
        """Wait until so many of this type came; gives the last."""
        await self.until(lambda: len(self.of(kind)) >= count)
        return self.of(kind)[count - 1]

    async def until(self, holds: Any) -> None:
        """Wait until something holds about what was sent."""
        async with asyncio.timeout(10):
            while not holds():
                self._news.clear()
                if not holds():
                    await self._news.wait()


@dataclass
class PaperBoard:
    """Takes every call, or whatever `kind` says; `legs` are those that are carried."""

    kind: Literal["talk", "message", "refuse"] = "talk"
    rings: list[Ring] = field(default_factory=list)
    told: list[CallNews] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    broken: bool = False

    def url(self, event: str, scheme: Literal["https", "wss"] = "https") -> str:
        return f"{scheme}://sawtak.example/calls/web/a/{event}"

    async def ring(self, ring: Ring) -> Verdict:
        self.rings.append(ring)
        if self.kind != "talk":
            return Verdict(self.kind, "ar", words="كل الخطوط مشغولة")
        token = f"token-{len(self.rings)}"
        self.tokens.add(token)
        return Verdict("talk", ring.wants or "ar", Ticket(f"call-{len(self.rings)}", "tenant", "account", token))

    async def redeem(self, token: str, provider_id: str | None = None) -> Ticket:
        if token not in self.tokens:
            raise Forged("token-used")
        self.tokens.remove(token)
        return Ticket(token.replace("token", "call"), "tenant", "account", "")

    def carry(self, ticket: Ticket, leg: Leg) -> None:
        self.legs.append(leg)

    async def news(self, news: CallNews) -> None:
        if self.broken:
            raise OSError("no database")
        self.told.append(news)

    async def voicemail(self, provider_id: str, message: Inbound) -> None:
        raise AssertionError(provider_id)

    async def person(self, call_id: str) -> str:
        return ""

    async def unreached(self, provider_id: str) -> None:
        raise AssertionError(provider_id)

    async def ready(self, language: str, *names: str) -> Words:
        raise AssertionError(names)


def channel(http: httpx.AsyncClient, patience: Patience | None = QUICK, most: int = 100, **config: Any) -> WebChannel:
    """A website's channel; `config` and `platform` are those of its account."""
    platform = WebPlatform.model_validate(config.pop("platform", {}))
    opening = Opening("site.example", WebConfig.model_validate(config), {}, platform, http)
    return WebChannel(opening, platform, Sessions(most), patience)


class Events:
    """What a leg yields, as it comes."""

    def __init__(self, leg: Leg) -> None:
        self.all: list[LegEvent] = []
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._take(leg))

    async def _take(self, leg: Leg) -> None:
        async for event in leg.events():
            self.all.append(event)
            self._news.set()

    @property
    def marks(self) -> list[str]:
        return [event.mark for event in self.all if isinstance(event, Reached)]

    def of(self, kind: type) -> list[LegEvent]:
        return [event for event in self.all if isinstance(event, kind)]

    async def until(self, holds: Any) -> None:
        async with asyncio.timeout(10):
            while not holds():
                self._news.clear()
                if not holds():
                    await self._news.wait()

    async def over(self) -> None:
        """Wait for the end of the line."""
        async with asyncio.timeout(10):
            await self._task


@dataclass
class Talk:
    """A conversation that has begun."""

    channel: WebChannel
    board: PaperBoard
    socket: PaperSocket
    leg: WebLeg
    events: Events
    started: dict[str, Any]

    async def back(self, **more: Any) -> PaperSocket:
        """Another socket goes on with it."""
        socket = PaperSocket()
        socket.send_in({"type": "start", "session": self.started["session"], "resume": self.started["resume"], **more})
        _, leg = await self.channel.connect(socket, self.board)
        assert leg is self.leg
        assert (await socket.wait("started"))["resumed"] is True
        return socket


@asynccontextmanager
async def talking(channel: WebChannel, **start: Any) -> AsyncIterator[Talk]:
    """Begin a conversation; hang up afterwards."""
    socket, board = PaperSocket(), PaperBoard()
    socket.send_in({"type": "start", **start})
    _, leg = await channel.connect(socket, board)
    assert isinstance(leg, WebLeg)
    events = Events(leg)
    yield Talk(channel, board, socket, leg, events, await socket.wait("started"))
    await leg.hang_up()
    await events.over()
