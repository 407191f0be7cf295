"""Has the minutes of a call kept, one after the other, without holding up the call."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core_pipeline.calls.host import Host, Minutes

log = logging.getLogger(__name__)

LAST_SECONDS = 10.0


class Writer:
    """Hands each exchange to the host once, in order; what fails there is logged and costs only that exchange."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._over: asyncio.Queue[Minutes | None] = asyncio.Queue()
        self._done = asyncio.Event()

    def add(self, minutes: Minutes) -> None:
        """Have this kept, soon."""
        self._over.put_nowait(minutes)

    async def close(self) -> None:
        """Return once everything is kept, or it takes too long."""
        self._over.put_nowait(None)
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS):
                await self._done.wait()

    async def run(self) -> None:
        """Keep what is added, until `close`."""
        while (minutes := await self._over.get()) is not None:
            try:
                await self._host.wrote(minutes)
            except Exception:
                log.exception("the minutes of an exchange were lost")
        self._done.set()
