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


@asynccontextmanager
async def kept_busy(show: Callable[[], Awaitable[float]]) -> AsyncIterator[None]:
    """Call `show` again and again during the block; it returns how many seconds its indicator lasts."""
    task = asyncio.create_task(_keep(show))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _keep(show: Callable[[], Awaitable[float]]) -> None:
    try:
        while True:
            await asyncio.sleep(await show())
    except SawtakError as error:
        log.info("busy indicator given up: %s", error.code)
    except Exception as error:  # noqa: BLE001 - an ornament must never harm the turn
        log.warning("busy indicator failed: %s", type(error).__name__)
