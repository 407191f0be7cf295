"""Everything that answers messages in one process, started and stopped together."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from core_pipeline.turns.farm import Farm
from core_pipeline.turns.locks import lock_for
from core_pipeline.turns.relay import Relay
from core_pipeline.turns.tidying import tidying

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from core_pipeline.turns.deps import Deps
    from core_pipeline.turns.flow import Tries
    from tenants.inbox import Inbox

log = logging.getLogger(__name__)


@asynccontextmanager
async def working(
    deps: Deps, inbox: Inbox, url: str, *, executor_id: str, tries: Tries, at_once: int
) -> AsyncIterator[Farm]:
    """Relay and answer while the block runs."""
    farm = Farm(url, deps, executor_id=executor_id, tries=tries, at_once=at_once)
    try:
        await farm.start()
        async with _relaying(Relay(inbox, deps.db, farm, lock_for(url, "relay"))), in_background(tidying(deps)):
            yield farm
    finally:
        await farm.stop()


@asynccontextmanager
async def _relaying(relay: Relay) -> AsyncIterator[None]:
    over = asyncio.Event()
    task = asyncio.create_task(relay.run(over))
    task.add_done_callback(_told)
    try:
        yield
    finally:
        over.set()  # not cancelled: a statement cut short would cost its connection
        await task


@asynccontextmanager
async def in_background(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Keep a coroutine running during the block; it is cancelled and awaited at the end."""
    task = asyncio.create_task(work)
    task.add_done_callback(_told)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _told(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("a background task ended; restart the process", exc_info=task.exception())
