"""A gate that serves tenants in turns, so that one tenant's rush does not make the others wait."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class FairGate:
    """Lets at most `places` holders in at once; who waits longest within the next tenant goes first."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def hold(self, tenant_id: str) -> AsyncIterator[None]:
        """Wait for a place and keep it for the block."""
        await self._enter(tenant_id)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, tenant_id: str) -> None:
        if self._free and not self._waiting:
            self._free -= 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(tenant_id, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._leave()
            raise

    def _leave(self) -> None:
        while self._waiting:
            tenant_id, line = self._waiting.popitem(last=False)
            place = line.popleft()
            if line:
                self._waiting[tenant_id] = line  # back of the round
            if not place.done():
                place.set_result(None)
                return
        self._free += 1
