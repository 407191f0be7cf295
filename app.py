"""The roof: builds everything from the settings and serves it; the only module that may name every room."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx

from core_pipeline.actions.doing import Actions
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.fair import FairGate
from core_pipeline.engines.residency import Residency, Terms
from core_pipeline.engines.router import Engines
from core_pipeline.guard import GuardedClient, guarded_client
from core_pipeline.knowledge.documents.stacks import open_stacks, whole_index
from core_pipeline.knowledge.shelf import Shelf
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.notices.courier import Courier
from core_pipeline.turns.deps import Deps
from core_pipeline.turns.flow import Tries
from core_pipeline.turns.locks import lock_for
from core_pipeline.turns.works import in_background, working
from errors import NeedsOwner
from settings import Settings
from tenants.accounts import AccountBook
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.engines import EngineBook
from tenants.floor import Floor
from tenants.inbox import Inbox
from tenants.links import Links
from tenants.schema import up_to_date
from tenants.signing import Signer
from tenants.vault import Vault
from webhooks import site
from webhooks.lines import OpenLines
from webhooks.polling import Poller
from webhooks.receive import FrontDoor

VENDOR_TIMEOUT = httpx.Timeout(20.0, connect=5.0)


@dataclass(frozen=True)
class House(site.Rooms):
    """The running platform."""

    residency: Residency
    guarded: GuardedClient


@asynccontextmanager
async def open_floor(settings: Settings) -> AsyncIterator[Floor]:
    """Open the data; `NeedsOwner` when migrations have not run."""
    if not up_to_date(settings.main_url, settings.inbox_url):
        raise NeedsOwner("schema-old", "run `cli.py migrate` first (`make run` does)")
    db = Database(settings.main_url)
    try:
        vault = Vault.from_text(settings.vault_text.get_secret_value())
        yield Floor(db, vault, AccountBook(db, vault))
    finally:
        await db.close()


@asynccontextmanager
async def open_house(
    settings: Settings, of_channel: Callable[[str], Mapping[str, str]] | None = None, *, work: bool = True
) -> AsyncIterator[House]:
    """Build the platform and start its work; leaving stops cleanly, and nothing accepted is lost."""
    async with AsyncExitStack() as stack:
        floor = await stack.enter_async_context(open_floor(settings))
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=VENDOR_TIMEOUT, follow_redirects=False))
        guarded = await stack.enter_async_context(guarded_client(settings.inner_hosts))
        inbox = await stack.enter_async_context(Inbox(settings.inbox_url))
        lines = OpenLines(floor.book, http, of_channel or settings.of_channel)
        stack.push_async_callback(lines.close)
        terms = Terms(python=settings.heavy_python, environment=settings.heavy_environment)
        residency = await stack.enter_async_context(Residency(settings.heavy_bytes, settings.var, terms))
        book, bench = EngineBook(floor.db, floor.vault), Bench(settings.var, http)
        engines = Engines(settings.chains, bench, settings.of_engine, book.of, guarded, residency)
        stack.push_async_callback(engines.close)
        shelf = Shelf(floor.db, settings.var / "search", engines.embedder)
        stack.push_async_callback(shelf.close)
        blobs, gate = Blobs(settings.blob_store), FairGate(settings.engines_at_once)
        actions, links = Actions(floor.db, floor.vault, guarded), Links(Signer(floor.vault), settings.address)
        rooms = (floor, inbox, lines, engines, shelf, blobs, gate, actions, links, str(settings.chains))
        house = House(*rooms, residency, guarded)
        if work:
            await _start_work(stack, settings, house)
        yield house


def open_site(settings: Settings, house: House) -> site.OpenSite:
    """Open every address that the platform answers."""
    calls = settings.calls_at_once, settings.turn_model, settings.drain_seconds
    me = settings.address, settings.executor, lambda name: lock_for(settings.turns_url, f"calls:{name}")
    return site.open_site(house, site.Terms(*me, *calls, settings.body_limit))


async def _start_work(stack: AsyncExitStack, settings: Settings, house: House) -> None:
    db, engines, blobs, lines = house.floor.db, house.engines, house.blobs, house.lines
    sandbox = await stack.enter_async_context(Sandbox(concurrency=settings.engines_at_once))
    await engines.warm()
    wait, link = settings.settle_seconds, house.links.media
    rooms = (db, blobs, lines, sandbox, engines, house.shelf, house.gate, wait, house.actions, house.making)
    deps = Deps(*rooms, link=link)
    tries = Tries(settings.retry_attempts, settings.retry_seconds)
    at_once, executor = settings.turns_at_once, settings.executor
    works = working(deps, house.inbox, settings.turns_url, executor_id=executor, tries=tries, at_once=at_once)
    await stack.enter_async_context(works)
    index = whole_index(house.shelf.sync)
    stacks = await stack.enter_async_context(open_stacks(db, blobs, index, allow=settings.inner_hosts))
    await stack.enter_async_context(in_background(stacks.librarian.run()))
    await stack.enter_async_context(in_background(Courier(db, house.floor.vault, house.guarded).run()))
    front = FrontDoor(lines, house.floor.book, house.inbox, settings.body_limit)
    poller = Poller(lines, house.floor.book, front, lambda name: lock_for(settings.turns_url, name))
    await stack.enter_async_context(in_background(poller.run()))
