"""A business with keys to the API, served in this process; engines of paper answer as a test tells them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import httpx
from starlette.applications import Starlette

from core_pipeline.atelier import craft_of
from core_pipeline.contracts.engines import Passage
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.fair import FairGate
from core_pipeline.engines.router import Engines
from core_pipeline.engines.wrap.voiced import Voice
from core_pipeline.knowledge.shelf import Shelf
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.operating.machine import Machine
from core_pipeline.portraits.gallery import Gallery
from core_pipeline.portraits.workshop import Workshop
from core_pipeline.turns.deps import Deps
from core_pipeline.turns.desk import DeadLetter
from core_pipeline.turns.flow import Tries
from core_pipeline.turns.works import working
from errors import Impossible
from tenants import api_keys, audit, house_keys
from tenants.accounts import AccountBook
from tenants.audit import Actor
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.engines import EngineBook
from tenants.floor import Floor as Ground
from tenants.inbox import Inbox
from tenants.links import Links
from tenants.models import Tenant
from tenants.signing import Signer
from tenants.vault import Vault
from tests.conftest import Floor
from tests.factories import make_tenant
from tests.turns.paper import PaperEngines, PaperSandbox
from tests.turns.plant import turns_url
from webhooks.api.building import build
from webhooks.api.needs import Needs, Rate, Rates
from webhooks.lines import OpenLines

ADDRESS = "https://sawtak.example"
SHOP = "https://shop.example"
POLICY = {"answerable": 0, "burst_seconds": 0.0}
GENEROUS = Rates(Rate(1e6, 1e6), Rate(1e6, 1e6), Rate(1e6, 1e6))


class ApiEngines(PaperEngines):
    """Paper engines that know one clone to be forgotten and one voice that can't be had; those `offered` are real."""

    offered: Engines

    async def check_voice(self, voice: Voice, language: str, tenant_id: str) -> None:
        self._maybe("voice")

    async def forget(self, clone_id: str) -> None:
        self._maybe("forget")

    async def speaker(self) -> Any:
        raise Impossible("no-speaker")

    def figures(self) -> dict[str, Any]:
        return {"engines": [], "resident": []}

    async def configurations(self, tenant_id: str = "") -> Any:
        return await self.offered.configurations(tenant_id)

    async def only(self, kind: str, name: str) -> Any:
        return await self.offered.only(kind, name)

    async def probe(self, engine: Any) -> None:
        await self.offered.probe(engine)


class Offered(Engines):
    """The real room of engines, for what is offered to a business; none of them is opened."""

    def __init__(self, folder: Path, own: EngineBook, http: httpx.AsyncClient) -> None:
        chains = {"asr": "demo", "llm": "knowledge", "tts": "espeak"}
        super().__init__(chains, Bench(folder, http), of_tenant=own.of, guarded=http)


class OneShelf:
    """Knows one thing."""

    async def search(self, tenant_id: str, text: str, language: str, limit: int = 5) -> tuple[Passage, ...]:
        return (Passage("p1", "متى تفتحون؟", "في العاشرة", language, 0.9),)[:limit]


class ApiSandbox(PaperSandbox):
    """Takes the file's bytes for samples; what begins with a question mark is no recording."""

    async def decode(self, data: bytes, **_: Any) -> Any:
        if data.startswith(b"?"):
            raise Impossible("media-unreadable")
        return await super().decode(data)


@dataclass
class Dialled:
    """Whom we called."""

    asked: list[tuple[str, str, str]] = field(default_factory=list)

    async def __call__(self, account_id: str, to: str, opening: str) -> str:
        self.asked.append((account_id, to, opening))
        return f"{len(self.asked):032x}"


@dataclass
class PaperJournal:
    """Notes which turns were forgotten."""

    forgotten: list[str] = field(default_factory=list)

    async def forget(self, turn_ids: Sequence[str]) -> None:
        self.forgotten += turn_ids


@dataclass
class PaperLetters:
    """One dead letter, until it is tried again."""

    db: Database
    dead: list[str] = field(default_factory=lambda: ["turn-1"])

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        return [DeadLetter(one, "shop", "send", "vendor said 500", None) for one in self.dead]

    async def retry(self, actor: Actor, turn_id: str) -> None:
        if turn_id not in self.dead:
            raise Impossible("not-dead", "it is not dead")
        self.dead.remove(turn_id)
        async with self.db.platform() as session:
            audit.record(session, actor, "letter.retry", turn_id)


@dataclass
class Town:
    """Everything that a test of the API may touch; `key` is secret and may do everything, `public` may talk."""

    floor: Floor
    tenant: Tenant
    needs: Needs
    engines: ApiEngines
    dial: Dialled
    http: httpx.AsyncClient
    vault: Vault
    key: str
    public: str

    @property
    def db(self) -> Database:
        return self.floor.db

    def bearer(self, key: str | None = None, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {key or self.key}", **more}

    async def key_of(self, tenant: Tenant, *scopes: str, public: bool = False, origins: tuple[str, ...] = ()) -> str:
        async with self.db.tenant(tenant.id) as session:
            made, _ = await api_keys.make(session, "test", scopes, public=public, origins=origins)
        return made

    async def house_key(self, agency_id: str | None = None) -> str:
        """A key of an agency, or (None) of the platform."""
        async with self.db.platform() as session:
            made, _ = await house_keys.make(session, Actor("Test"), agency_id, "test")
        return made

    async def send(self, method: str, path: str, key: str | None = None, **more: Any) -> httpx.Response:
        return await self.http.request(method, f"/api/v1{path}", headers=self.bearer(key), **more)

    async def get(self, path: str, key: str | None = None, **more: Any) -> httpx.Response:
        headers = self.bearer(key, **more.pop("headers", {}))
        return await self.http.get(f"/api/v1{path}", headers=headers, **more)

    async def post(self, path: str, key: str | None = None, **more: Any) -> httpx.Response:
        headers = self.bearer(key, **more.pop("headers", {}))
        return await self.http.post(f"/api/v1{path}", headers=headers, **more)

    def local(self, url: str) -> str:
        """The address of a link of ours, as this process serves it."""
        assert url.startswith(ADDRESS)
        return url.removeprefix(ADDRESS)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Relay and answer during the block."""
        needs = self.needs
        deps = Deps(
            needs.db,
            needs.blobs,
            needs.lines,
            needs.sandbox,
            needs.engines,
            needs.shelf,
            needs.gate,
            settle_seconds=1.0,
        )
        deps = replace(deps, link=needs.links.media)
        url = turns_url(self.floor)
        async with working(deps, needs.inbox, url, executor_id="test", tries=Tries(2, 0.05), at_once=8):
            yield


@asynccontextmanager
async def founded(floor: Floor, folder: Path, **changes: Any) -> AsyncIterator[Town]:
    """A town on this floor; `changes` are of its needs."""
    vault = Vault.generate()
    tenant = await make_tenant(floor.db, policy=POLICY)
    engines, dial, signer = ApiEngines(), Dialled(), Signer(vault)
    blobs, book = Blobs(f"file://{folder}/blobs"), AccountBook(floor.db, vault)
    async with httpx.AsyncClient() as vendor, Inbox(floor.inbox_url) as inbox, Workshop() as workshop:
        lines = OpenLines(book, vendor, lambda _: {})
        engines.offered = Offered(folder, EngineBook(floor.db, vault), vendor)
        room = cast("Engines", engines)
        needs = Needs(
            db=floor.db,
            blobs=blobs,
            book=book,
            inbox=inbox,
            lines=lines,
            engines=room,
            shelf=cast("Shelf", OneShelf()),
            sandbox=cast("Sandbox", ApiSandbox()),
            gate=FairGate(2),
            gallery=Gallery(floor.db, blobs, workshop, craft_of(room)),
            signer=signer,
            links=Links(signer, ADDRESS),
            address=ADDRESS,
            dial=dial,
            journal=PaperJournal(),
            vault=vault,
            rates=GENEROUS,
            own_engines=EngineBook(floor.db, vault),
            machine=_machine(floor, vault, inbox, lines, room, folder),
        )
        needs = replace(needs, **changes)
        transport = httpx.ASGITransport(Starlette(routes=build(needs)))
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as http:
            town = Town(floor, tenant, needs, engines, dial, http, vault, "", "")
            town.key = await town.key_of(tenant, "admin")
            town.public = await town.key_of(tenant, "talk", public=True, origins=(SHOP,))
            yield town
        await lines.close()


def _machine(floor: Floor, vault: Vault, inbox: Inbox, lines: OpenLines, engines: Engines, folder: Path) -> Machine:
    ground = Ground(floor.db, vault, AccountBook(floor.db, vault))
    chains = {"asr": "demo", "tts": "nobody"}
    return Machine(ground, inbox, lines, engines, PaperLetters(floor.db), folder, ADDRESS, chains)
