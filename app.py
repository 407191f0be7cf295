"""The roof: builds everything from the settings and serves it; the only module that may name every room."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from os import getpid

import httpx
from starlette.applications import Starlette

from core_pipeline.contracts.engines import Bench
from core_pipeline.engines.router import Engines
from core_pipeline.knowledge.shelf import Shelf
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.turns.deps import Deps
from core_pipeline.turns.fair import FairGate
from core_pipeline.turns.farm import Farm
from core_pipeline.turns.flow import Tries
from core_pipeline.turns.locks import lock_for
from core_pipeline.turns.relay import Relay
from settings import Settings
from tenants.accounts import AccountBook
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.inbox import Inbox
from tenants.vault import Vault
from webhooks import health
from webhooks.lines import OpenLines
from webhooks.polling import Poller
from webhooks.receive import FrontDoor

log = logging.getLogger(__name__)
VENDOR_TIMEOUT = httpx.Timeout(20.0, connect=5.0)


@dataclass(frozen=True)
class Floor:
    """What every command needs: the data and the secrets, no running work."""

    db: Database
    vault: Vault
    book: AccountBook


@dataclass(frozen=True)
class House:
    """The running platform."""

    floor: Floor
    engines: Engines
    lines: OpenLines
    web: Starlette


@asynccontextmanager
async def open_floor(settings: Settings) -> AsyncIterator[Floor]:
    """Open the data; migrations must have run."""
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
        inbox = await stack.enter_async_context(Inbox(settings.inbox_url))
        lines = OpenLines(floor.book, http, of_channel or settings.of_channel)
        stack.push_async_callback(lines.close)
        engines = Engines(settings.engines, Bench(settings.var))
        stack.push_async_callback(engines.close)
        front = FrontDoor(lines, floor.book, inbox, settings.body_limit)
        if work:
            await _start_work(stack, settings, floor, inbox, lines, engines, front)
        checks = {"database": floor.db.alive, "inbox": inbox.alive}
        web = Starlette(routes=[*front.routes(), *health.routes(checks, lambda: front.counters)])
        yield House(floor, engines, lines, web)


async def _start_work(
    stack: AsyncExitStack,
    settings: Settings,
    floor: Floor,
    inbox: Inbox,
    lines: OpenLines,
    engines: Engines,
    front: FrontDoor,
) -> None:
    sandbox = await stack.enter_async_context(Sandbox(limit=settings.engines_at_once))
    await engines.warm()
    blobs, shelf, gate = Blobs(settings.blob_store), Shelf(floor.db), FairGate(settings.engines_at_once)
    deps = Deps(floor.db, blobs, lines, sandbox, engines, shelf, gate, settings.settle_seconds)
    tries = Tries(settings.retry_attempts, settings.retry_seconds)
    executor = settings.executor_id or ("one" if settings.on_sqlite else f"{socket.gethostname()}-{getpid()}")
    farm = Farm(settings.turns_url, deps, executor_id=executor, tries=tries, at_once=settings.turns_at_once)
    await farm.start()
    stack.push_async_callback(farm.stop)
    relay = Relay(inbox, floor.db, farm, lock_for(settings.turns_url, "relay"))
    poller = Poller(lines, floor.book, front, lambda name: lock_for(settings.turns_url, name))
    for running in (relay.run(), poller.run()):
        stack.push_async_callback(_cancel, asyncio.create_task(_watched(running)))


async def _watched(running: Coroutine[None, None, None]) -> None:
    try:
        await running
    except Exception:
        log.exception("a background task ended; restart the process")
        raise


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
