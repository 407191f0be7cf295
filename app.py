"""The roof: builds everything from the settings and serves it; the only module that may name every room."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx

from admin import opening
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
from settings import Settings
from tenants.blobs import Blobs
from tenants.engines import EngineBook
from tenants.floor import Floor
from tenants.floor import open_floor as floor_of
from tenants.inbox import Inbox
from tenants.links import Links
from tenants.processes import beating
from tenants.signing import Signer
from webhooks import site
from webhooks.lines import OpenLines
from webhooks.polling import Poller
from webhooks.receive import FrontDoor

PATIENCE = httpx.Timeout(20.0, connect=5.0)


@dataclass(frozen=True)
class House(site.Rooms):
    """The running platform."""

    residency: Residency
    guarded: GuardedClient


def open_floor(settings: Settings) -> AbstractAsyncContextManager[Floor]:
    """Open the data; `NeedsOwner` when migrations have not run."""
    return floor_of(settings.main_url, settings.inbox_url, settings.vault_text)


@asynccontextmanager
async def open_house(
    settings: Settings, of_channel: Callable[[str], Mapping[str, str]] | None = None, *, work: bool = True
) -> AsyncIterator[House]:
    """Build the platform and start its work; leaving stops cleanly, and nothing accepted is lost."""
    async with AsyncExitStack() as stack:
        floor = await stack.enter_async_context(open_floor(settings))
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=PATIENCE))
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
        documents = open_stacks(floor.db, blobs, whole_index(shelf.sync), allow=settings.inner_hosts)
        stacks = await stack.enter_async_context(documents)
        rooms = (floor, inbox, lines, engines, shelf, blobs, gate, actions, links, str(settings.chains), stacks)
        house = House(*rooms, residency, guarded)
        if work:
            await _start_work(stack, settings, house)
        yield house


@asynccontextmanager
async def open_site(settings: Settings, house: House) -> AsyncIterator[site.Site]:
    """Open every address that the platform answers."""
    me = settings.address, settings.executor, lambda name: lock_for(settings.turns_url, f"calls:{name}")
    calls = settings.calls_at_once, settings.turn_model, settings.drain_seconds
    pages = opening.Terms(*me[:2], settings.var, settings.turns_url, settings.chains, settings.inner_hosts)
    async with opening.open_panel(house, pages) as panel:
        terms = site.Terms(
            *me,
            *calls,
            settings.body_limit,
            inner=settings.inner_hosts,
            journal=panel.desk,
            machine=panel.machine,
        )
        async with site.open_site(house, terms, panel.routes) as opened:
            yield opened


async def _start_work(stack: AsyncExitStack, settings: Settings, house: House) -> None:
    db, engines, blobs, lines = house.floor.db, house.engines, house.blobs, house.lines
    sandbox = await stack.enter_async_context(Sandbox(concurrency=settings.engines_at_once))
    await engines.warm()
    rooms = (db, blobs, lines, sandbox, engines, house.shelf, house.gate, settings.settle_seconds)
    deps = Deps(*rooms, house.actions, house.making, link=house.links.media)
    tries, terms = Tries(settings.retry_attempts, settings.retry_seconds), {"at_once": settings.turns_at_once}
    works = working(deps, house.inbox, settings.turns_url, executor_id=settings.executor, tries=tries, **terms)
    await stack.enter_async_context(works)
    await stack.enter_async_context(beating(db, settings.executor, "worker", engines.figures))
    await stack.enter_async_context(in_background(house.stacks.librarian.run()))
    await stack.enter_async_context(in_background(Courier(db, house.floor.vault, house.guarded).run()))
    front = FrontDoor(lines, house.floor.book, house.inbox, settings.body_limit)
    poller = Poller(lines, house.floor.book, front, lambda name: lock_for(settings.turns_url, name))
    await stack.enter_async_context(in_background(poller.run()))
