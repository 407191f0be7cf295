"""A real web server with the assistant's door, a gate of paper and a switchboard behind which somebody talks."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import httpx
import numpy as np
import uvicorn
from starlette.applications import Starlette

from channels import discover
from channels.web.caller import WebCaller, visiting
from core_pipeline.contracts.calls import Ticket
from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.legs import Leg, Reached, Sound
from errors import Forged
from tenants.accounts import AccountBook, AccountRef
from tenants.vault import Vault
from tests.channels.bench import client
from tests.channels.web.paper import PaperBoard
from tests.conftest import Floor
from webhooks.assistant import Assistant, Room
from webhooks.gate import Admission, Credentials
from webhooks.lines import OpenLines
from webhooks.sockets import PatientProtocol

SPEC = discover()["web"]
VAULT = "k:" + "A" * 43 + "="


Talker: TypeAlias = Callable[[Leg], Coroutine[Any, Any, None]]


class PaperGate:
    """Admits who shows the name of a tenant, from anywhere but a bad page."""

    def __init__(self, tenants: Mapping[str, str]) -> None:
        self.tenants = tenants

    async def admit(self, shown: Credentials) -> Admission:
        if shown.origin == "https://bad.example" or shown.secret not in self.tenants:
            raise Forged("key-unknown", "there is no such key")
        return Admission(self.tenants[shown.secret])


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Any:
        yield


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    """Serve on this machine, as the platform does; gives the address."""
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, ws=PatientProtocol)
    server = _Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        running = asyncio.create_task(server.serve([listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running


def tone(seconds: float, rate: int = 16000) -> bytes:
    """Something to hear."""
    heard: bytes = (np.sin(np.arange(int(seconds * rate)) * 0.2) * 8000).astype("<i2").tobytes()
    return heard


@dataclass
class TalkingBoard(PaperBoard):
    """A switchboard that has each call talked on by `talk`."""

    talk: Talker | None = None
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def carry(self, ticket: Ticket, leg: Leg) -> None:
        super().carry(ticket, leg)
        if self.talk is not None:
            self.tasks.append(asyncio.create_task(self.talk(leg)))


@dataclass
class House:
    """A running door."""

    base: str
    board: TalkingBoard
    book: AccountBook
    assistant: Assistant
    http: httpx.AsyncClient
    asked_for: list[AccountRef]

    @asynccontextmanager
    async def visitor(self, key: str = "pk_one", **options: str) -> AsyncIterator[WebCaller]:
        """An emulated visitor who has this key."""
        setup = replace(SPEC.demo, external_id="v-1", secrets={"key": key}, platform=options)
        async with visiting(setup, self.base, "") as caller:
            assert isinstance(caller, WebCaller)
            yield caller


@asynccontextmanager
async def house(floor: Floor, gate: Any, talk: Talker | None = None, room: Room | None = None) -> AsyncIterator[House]:
    """Open the door on a database."""
    board, asked = TalkingBoard(talk=talk), list[AccountRef]()
    book = AccountBook(floor.db, Vault.from_text(VAULT))

    def board_of(account: AccountRef) -> TalkingBoard:
        asked.append(account)
        return board

    async with client() as vendor, client() as http:
        lines = OpenLines(book, vendor, lambda name: {"ice_servers": "stun:stun.example"} if name == SPEC.name else {})
        assistant = Assistant(SPEC, gate, lines, book, board_of, "https://sawtak.example", room)
        try:
            async with serving(Starlette(routes=assistant.routes())) as base:
                yield House(base, board, book, assistant, http, asked)
        finally:
            for task in board.tasks:
                task.cancel()
            await asyncio.gather(*board.tasks, return_exceptions=True)
            await lines.close()


async def parrot(leg: Leg) -> None:
    """Greet for half a second, then play back whatever came, with a mark after it."""
    await leg.play(tone(0.5))
    await leg.mark("greeting")
    async for event in leg.events():
        if isinstance(event, Sound) and np.abs(np.frombuffer(event.pcm, "<i2")).max() > 1000:
            await leg.play(event.pcm)
        elif isinstance(event, Reached) and event.mark == "greeting":
            await leg.mark("heard")


def loud(pcm: Pcm) -> float:
    """How many seconds of it can be heard."""
    return float((np.abs(np.frombuffer(pcm.data, "<i2")) > 500).mean()) * pcm.seconds
