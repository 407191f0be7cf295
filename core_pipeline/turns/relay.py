"""Moves what arrived from the inbox into the history and hands it to the workflow engine, in order."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import TypeAdapter
from sqlalchemy.exc import DataError

from core_pipeline.contracts.messages import Inbound, Receipt
from core_pipeline.history import incoming, outgoing
from core_pipeline.turns.farm import Job

if TYPE_CHECKING:
    from core_pipeline.turns.farm import Farm
    from core_pipeline.turns.locks import Lock
    from tenants.db import Database
    from tenants.inbox import Inbox, Waiting

log = logging.getLogger(__name__)

EVENT: TypeAdapter[Inbound | Receipt] = TypeAdapter(Inbound | Receipt)
BATCH = 500
# What no later try can mend: text that the database refuses, a row written by a newer version.
POISON = (ValueError, DataError)
MOST_TRIES = 5
IDLE_SECONDS = 0.25
# A receipt without our key may overtake the answer of its call; after this it belongs to nothing of ours.
ORPHAN_SECONDS = 5.0
# Vendors repeat for up to seven days. Forgetting a finished turn frees its id, so the inbox must remember longer.
KEEP_TURNS = timedelta(days=30)
KEEP_INBOX = timedelta(days=45)
PURGE_EVERY = timedelta(hours=1)


class Relay:
    """One per installation at a time: order within a conversation is the order of the inbox."""

    def __init__(self, inbox: Inbox, db: Database, farm: Farm, lock: Lock) -> None:
        self._inbox = inbox
        self._db = db
        self._farm = farm
        self._lock = lock
        self._purged = datetime.now(UTC)

    async def run(self) -> None:
        """Relay until cancelled; whatever breaks is tried again, nothing is skipped."""
        try:
            while True:
                await self._round()
        finally:
            await self._lock.free()

    async def _round(self) -> None:
        try:
            if not await self._lock.take():
                await asyncio.sleep(1.0)
            elif not await self.relay_once():
                await self._inbox.wait(IDLE_SECONDS)
                await self._tidy()
        except Exception:
            log.exception("relay broke; trying again")
            await asyncio.sleep(1.0)

    async def relay_once(self) -> int:
        """Relay one batch and return how many rows left the inbox; doing it twice is harmless."""
        rows = await self._inbox.pending(BATCH, most_tries=MOST_TRIES)
        done: list[int] = []
        bad: list[int] = []
        jobs: list[Job] = []
        for row in rows:
            try:
                await self._take(row, jobs, done)
            except POISON as error:
                log.warning("inbox row %s can't be relayed: %s", row.id, type(error).__name__)
                bad.append(row.id)
        if jobs:
            await self._farm.enqueue(jobs)
        await self._inbox.bump(bad)
        await self._inbox.mark(done)
        return len(done) + len(bad)

    async def _take(self, row: Waiting, jobs: list[Job], done: list[int]) -> None:
        event = EVENT.validate_json(row.payload)
        if isinstance(event, Inbound):
            jobs.append(await self._record(row, event))
            done.append(row.id)
        elif await self._receipt(row, event):
            done.append(row.id)

    async def _record(self, row: Waiting, inbound: Inbound) -> Job:
        arrival = incoming.Arrival(row.id, row.tenant_id, row.account_id, row.received_at, inbound)
        async with self._db.tenant(row.tenant_id) as session:
            message = await incoming.record(session, arrival)
            return Job(
                f"{row.account_id}:{inbound.provider_id}",
                row.tenant_id,
                message.conversation_id,
                row.account_id,
                int(message.id or 0),
                # The engine takes 1 … 2³¹ - 1; the order only matters among neighbours.
                row.id % 2_147_483_646 + 1,
            )

    async def _receipt(self, row: Waiting, receipt: Receipt) -> bool:
        async with self._db.tenant(row.tenant_id) as session:
            known = await outgoing.apply_receipt(session, row.account_id, receipt)
        return (
            known or receipt.key is not None or (datetime.now(UTC) - row.received_at).total_seconds() > ORPHAN_SECONDS
        )

    async def _tidy(self) -> None:
        if datetime.now(UTC) - self._purged > PURGE_EVERY:
            self._purged = datetime.now(UTC)
            await self._farm.forget(self._purged - KEEP_TURNS)
            await self._inbox.purge(self._purged - KEEP_INBOX)
