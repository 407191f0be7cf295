"""News of conversations for open pages: one look at the database for all of a process's listeners."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col

from tenants.models import Conversation, now

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tenants.db import Database

log = logging.getLogger(__name__)

EVERY_SECONDS = 0.15
# Others' clocks differ a little, and what they note now they commit later: so far back we look each time.
OVERLAP = timedelta(seconds=10)


class Ear:
    """One listener's news: the conversations of its tenant that changed since it last asked."""

    def __init__(self, tenant_id: str) -> None:
        self.tenant_id = tenant_id
        self._changed: dict[str, None] = {}
        self._news = asyncio.Event()

    def tell(self, conversation_id: str) -> None:
        """Note that a conversation has changed."""
        self._changed[conversation_id] = None
        self._news.set()

    def rouse(self) -> None:
        """Have the listener look up though nothing has changed."""
        self._news.set()

    async def news(self, seconds: float) -> list[str]:
        """What has changed, as soon as something has; nothing after so many seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds)
        self._news.clear()
        changed, self._changed = list(self._changed), {}
        return changed


class Watch:
    """Looks for changed conversations of every tenant that somebody listens to, and only while somebody does.

    It needs no word from other processes: whoever changes a conversation moves its `changed_at`.
    """

    def __init__(self, db: Database, every: float = EVERY_SECONDS) -> None:
        self._db, self._every = db, every
        self._ears: set[Ear] = set()
        self._over = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def listen(self, tenant_id: str) -> AsyncIterator[Ear]:
        """Listen to a tenant's conversations during the block; what changed within the last seconds is told, too."""
        ear = Ear(tenant_id)
        self._ears.add(ear)
        if self._task is None:
            self._over = asyncio.Event()
            self._task = asyncio.create_task(self._run(self._over))
        try:
            yield ear
        finally:
            self._ears.discard(ear)
            if not self._ears and self._task is not None:
                task, self._task = self._task, None
                self._over.set()  # not cancelled: a statement cut short would cost its connection
                await task

    async def _run(self, over: asyncio.Event) -> None:
        seen: dict[tuple[str, str], datetime] = {}
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), self._every)
            found = await self._changed()
            for (tenant_id, conversation_id), at in found.items():
                if seen.get((tenant_id, conversation_id)) != at:
                    self._tell(tenant_id, conversation_id)
            seen = found or seen

    def _tell(self, tenant_id: str, conversation_id: str) -> None:
        for ear in self._ears:
            if ear.tenant_id == tenant_id:
                ear.tell(conversation_id)

    async def _changed(self) -> dict[tuple[str, str], datetime]:
        """What changed within the overlap; nothing while the database can't be asked."""
        asked = select(col(Conversation.tenant_id), col(Conversation.id), col(Conversation.changed_at)).where(
            col(Conversation.changed_at) > now() - OVERLAP,
            col(Conversation.tenant_id).in_({ear.tenant_id for ear in self._ears}),
        )
        try:
            async with self._db.platform(reads=True) as session:
                return {(tenant, one): at for tenant, one, at in await session.execute(asked)}
        except SQLAlchemyError as error:
            log.warning("live updates wait: %s", type(error).__name__)
            return {}


_watches: WeakKeyDictionary[Database, Watch] = WeakKeyDictionary()


def watch_of(db: Database) -> Watch:
    """The one watch of this process over a database."""
    if db not in _watches:
        _watches[db] = Watch(db)
    return _watches[db]
