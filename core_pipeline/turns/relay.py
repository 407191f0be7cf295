"""Moves what arrived from the inbox into the history and hands it to the workflow engine, in order."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import TypeAdapter
from sqlalchemy.exc import DataError

from core_pipeline.contracts.messages import Inbound, Receipt, Status
from core_pipeline.history import incoming, outgoing
from core_pipeline.notices import happenings
from core_pipeline.turns.farm import Job
from errors import Impossible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from core_pipeline.turns.farm import Farm
    from core_pipeline.turns.locks import Lock
    from tenants.db import Database
    from tenants.inbox import Inbox, Waiting
    from tenants.models import Message

log = logging.getLogger(__name__)

EVENT: TypeAdapter[Inbound | Receipt] = TypeAdapter(Inbound | Receipt)
BATCH = 500
# What no later try can mend: text that the database refuses, a row written by a newer version.
POISON = (ValueError, DataError, Impossible)
MOST_TRIES = 5
IDLE_SECONDS = 0.25
# A receipt without our key may overtake the answer of its call; after this it belongs to nothing of ours.
ORPHAN_SECONDS = 5.0
# Vendors repeat for up to seven days. Forgetting a finished turn frees its id, so the inbox must remember longer.
KEEP_TURNS = timedelta(days=30)
KEEP_INBOX = timedelta(days=45)
PURGE_EVERY = timedelta(hours=1)


@dataclass
class Taken:
    """What became of some rows: turns to start, rows that are done, rows that can't be relayed."""

    jobs: list[Job] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    bad: list[int] = field(default_factory=list)


class Relay:
    """One per installation at a time: order within a conversation is the order of the inbox."""

    def __init__(self, inbox: Inbox, db: Database, farm: Farm, lock: Lock) -> None:
        self._inbox = inbox
        self._db = db
        self._farm = farm
        self._lock = lock
        self._purged = datetime.now(UTC)

    async def run(self, over: asyncio.Event) -> None:
        """Relay until it is over; whatever breaks is tried again, nothing is skipped."""
        try:
            while not over.is_set():
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
        taken = Taken()
        for rows in _by_tenant(await self._inbox.pending(BATCH, most_tries=MOST_TRIES)):
            await self._take(rows, taken)
        if taken.jobs:
            await self._farm.enqueue(taken.jobs)
        await self._inbox.bump(taken.bad)
        await self._inbox.mark(taken.done)
        return len(taken.done) + len(taken.bad)

    async def _take(self, rows: Sequence[Waiting], taken: Taken) -> None:
        """Record a tenant's rows in one commit; where one of them can't be, each in its own."""
        try:
            recorded = await self._record(rows)
        except POISON as error:
            if len(rows) == 1:
                log.warning("inbox row %s can't be relayed: %s", rows[0].id, type(error).__name__)
                taken.bad.append(rows[0].id)
            for row in rows if len(rows) > 1 else ():
                await self._take([row], taken)
        else:
            taken.jobs += recorded.jobs
            taken.done += recorded.done

    async def _record(self, rows: Sequence[Waiting]) -> Taken:
        taken = Taken()
        async with self._db.tenant(rows[0].tenant_id) as session:
            for row in rows:
                event = EVENT.validate_json(row.payload)
                if isinstance(event, Inbound):
                    arrival = incoming.Arrival(row.id, row.tenant_id, row.account_id, row.received_at, event)
                    message = await incoming.record(session, arrival)
                    if message.author_id is None:
                        await happenings.received(session, message)
                    taken.jobs.append(_job(row, message))
                    taken.done.append(row.id)
                elif await _applied(session, row, event) or _hopeless(row, event):
                    taken.done.append(row.id)
        return taken

    async def _tidy(self) -> None:
        if datetime.now(UTC) - self._purged > PURGE_EVERY:
            self._purged = datetime.now(UTC)
            await self._farm.forget(self._purged - KEEP_TURNS)
            await self._inbox.purge(self._purged - KEEP_INBOX)


def _by_tenant(rows: Sequence[Waiting]) -> list[list[Waiting]]:
    groups: dict[str, list[Waiting]] = {}
    for row in rows:
        groups.setdefault(row.tenant_id, []).append(row)
    return list(groups.values())


def _job(row: Waiting, message: Message) -> Job:
    return Job(
        f"{row.account_id}:{message.provider_id}",
        row.tenant_id,
        message.conversation_id,
        row.account_id,
        int(message.id or 0),
        # The engine takes 1 … 2³¹ - 1; the order only matters among neighbours.
        row.id % 2_147_483_646 + 1,
    )


async def _applied(session: AsyncSession, row: Waiting, receipt: Receipt) -> bool:
    """Record the vendor's word; it may be the first that tells us that an unsettled message got through."""
    known = await outgoing.apply_receipt(session, row.account_id, receipt)
    if known and receipt.key and receipt.status is not Status.FAILED:
        await happenings.sent(session, receipt.key)
    return known


def _hopeless(row: Waiting, receipt: Receipt) -> bool:
    """Whether a receipt that fits no message of ours never will: our key is written before the vendor is called."""
    return receipt.key is not None or (datetime.now(UTC) - row.received_at).total_seconds() > ORPHAN_SECONDS
