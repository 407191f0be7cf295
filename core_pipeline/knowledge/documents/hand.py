"""A claimed document in a worker's hand: every write shows life, and none goes through once the claim is lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from core_pipeline.knowledge.documents import claims
from core_pipeline.knowledge.documents.claims import Claim, ClaimLost
from tenants.db import Database
from tenants.documents import find
from tenants.models import Document, now

LEAST_STEP, LEAST_SECONDS = 0.02, 0.5

_log = logging.getLogger(__name__)


class Hand:
    """Holds one claim; `unit`, `write` and `give_up` raise `ClaimLost` once it is gone."""

    def __init__(self, db: Database, claim: Claim) -> None:
        self.claim = claim
        self._db = db
        self._lock = asyncio.Lock()
        self._told = (0.0, 0.0)

    @asynccontextmanager
    async def unit(self, **values: Any) -> AsyncIterator[AsyncSession]:
        """A unit of work for the document's tenant that commits only if the claim stands."""
        async with self._lock:
            async with self._db.tenant(self.claim.tenant_id) as session:
                renewed = await claims.renew(session, self.claim, **values)
                yield session
            self.claim = renewed

    async def write(self, **values: Any) -> Document:
        """Write values into the document and return it as it is then."""
        async with self.unit(**values) as session:
            return await find(session, self.claim.document_id)

    async def give_up(self, **values: Any) -> None:
        """Write the last values and let go."""
        async with self._lock, self._db.tenant(self.claim.tenant_id) as session:
            await claims.release(session, self.claim, updated_at=now(), **values)

    async def progress(self, start: float, done: float) -> None:
        """Show how far the work is: its last part begins at `start` and is `done`, in 0..1; few calls are written.

        Raises nothing: whoever tells how far he is may be working for others too.
        """
        value, (told, at) = start + (1 - start) * min(max(done, 0.0), 1.0), self._told
        if value - told >= LEAST_STEP and monotonic() - at >= LEAST_SECONDS:
            self._told = (value, monotonic())
            with contextlib.suppress(ClaimLost, SQLAlchemyError):
                await self.write(progress=min(value, 0.99))

    @asynccontextmanager
    async def beating(self, every: float) -> AsyncIterator[None]:
        """Show life every so many seconds while the body runs."""
        over = asyncio.Event()
        heart = asyncio.create_task(self._beat(every, over), name="document heartbeat")
        try:
            yield
        finally:
            over.set()  # not cancelled: a statement cut short would cost its connection
            await asyncio.gather(heart, return_exceptions=True)

    async def _beat(self, every: float, over: asyncio.Event) -> None:
        with contextlib.suppress(ClaimLost):
            while not await _set_within(over, every):
                try:
                    async with self.unit():
                        pass
                except SQLAlchemyError as error:
                    _log.warning("a document's heartbeat missed: %s", type(error).__name__)


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()
