"""Keeps "typing" or "recording" visible to the customer until the answer is there."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from errors import SawtakError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

log = logging.getLogger(__name__)


# What is in the air when a turn ends finishes by itself: to cut a call short helps nobody and may cost a connection.
_ending: set[asyncio.Task[None]] = set()


@asynccontextmanager
async def kept_busy(show: Callable[[], Awaitable[float]]) -> AsyncIterator[None]:
    """Call `show` again and again during the block; it returns how many seconds its indicator lasts."""
    over = asyncio.Event()
    task = asyncio.create_task(_keep(show, over))
    _ending.add(task)
    task.add_done_callback(_ending.discard)
    try:
        yield
    finally:
        over.set()


async def _keep(show: Callable[[], Awaitable[float]], over: asyncio.Event) -> None:
    try:
        while not over.is_set():
            lasts = await show()
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), lasts)
    except SawtakError as error:
        log.info("busy indicator given up: %s", error.code)
    except Exception as error:  # noqa: BLE001 - an ornament must never harm the turn
        log.warning("busy indicator failed: %s", type(error).__name__)
