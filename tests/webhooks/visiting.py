"""A real web server with the assistant's door, a gate of paper and a switchboard behind which somebody talks."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import httpx
import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from channels import discover
from channels.web.caller import WebCaller, visiting
from core_pipeline.contracts.calls import Ticket
from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.legs import Leg, Reached, Sound
from tenants.accounts import AccountBook, AccountRef
from tenants.api_keys import Keyring, make
from tenants.signing import Signer
from tenants.vault import Vault
from tests.channels.bench import client
from tests.channels.web.paper import PaperBoard
from tests.conftest import Floor
from tests.factories import make_tenant
from webhooks.api.access import Access
from webhooks.api.accounts import OwnAccounts
from webhooks.api.edge import Edge
from webhooks.api.needs import Rate, Rates, Sizes
from webhooks.assistant import Assistant, Room
from webhooks.lines import OpenLines
from webhooks.sockets import PatientProtocol

SPEC = discover()["web"]
VAULT = "k:" + "A" * 43 + "="
ADDRESS, PAGE = "https://sawtak.example", "https://shop.example"


Talker: TypeAlias = Callable[[Leg], Coroutine[Any, Any, None]]


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
    keys: dict[str, str]
    signer: Signer

    @property
    def socket(self) -> str:
        """Where the socket is, for a page of the first tenant."""
        return f"{self.base.replace('http', 'ws')}/ws/assistant?key={self.keys['one']}"

    @asynccontextmanager
    async def visitor(self, key: str = "one", **options: str) -> AsyncIterator[WebCaller]:
        """An emulated visitor on a page that has the public key of this tenant."""
        secrets = {"key": self.keys.get(key, key)} if key else {}
        setup = replace(SPEC.demo, external_id="v-1", secrets=secrets, platform={"origin": PAGE, **options})
        async with visiting(setup, self.base, "") as caller:
            assert isinstance(caller, WebCaller)
            yield caller


@asynccontextmanager
async def house(floor: Floor, talk: Talker | None = None, room: Room | None = None) -> AsyncIterator[House]:
    """Open the door on a database with two tenants, who have public keys for pages of `PAGE`."""
    board, asked, signer = TalkingBoard(talk=talk), list[AccountRef](), Signer(Vault.from_text(VAULT))
    keys = {name: await key_of((await make_tenant(floor.db)).id, floor) for name in ("one", "two")}
    book = AccountBook(floor.db, Vault.from_text(VAULT))

    def board_of(account: AccountRef) -> TalkingBoard:
        asked.append(account)
        return board

    async with client() as vendor, client() as http:
        lines = OpenLines(book, vendor, lambda name: {"ice_servers": "stun:stun.example"} if name == SPEC.name else {})
        access = Access(Keyring(floor.db), signer, Rates(visitor=Rate(500, 500), stranger=Rate(50, 1.0)), ADDRESS)
        assistant = Assistant(access, OwnAccounts(book, SPEC), lines, board_of, ADDRESS, room)
        api = Edge(Starlette(routes=assistant.api_routes()), access, Sizes())
        try:
            async with serving(Starlette(routes=[*assistant.routes(), Mount("/api/v1", api)])) as base:
                yield House(base, board, book, assistant, http, asked, keys, signer)
        finally:
            for task in board.tasks:
                task.cancel()
            await asyncio.gather(*board.tasks, return_exceptions=True)
            await lines.close()


async def key_of(tenant_id: str, floor: Floor, *, public: bool = True) -> str:
    """A fresh key of this tenant."""
    async with floor.db.tenant(tenant_id) as session:
        key, _ = await make(session, "key", ["talk"], public=public, origins=[PAGE] if public else [])
    return key


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
