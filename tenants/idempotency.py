"""Requests that may come twice and must take effect once: what the first one made is told to the second."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from errors import Impossible, Retryable
from tenants.db import Database
from tenants.models import HouseRepeat, Idempotency, now

KEEP = timedelta(hours=24)
# Who takes longer than this has died: the next one to ask begins anew.
GIVEN_UP = timedelta(minutes=2)
BUSY, DONE = 0, 1

Made = dict[str, Any]


class Repeats:
    """Does what a request asks for once for each key and tenant; `clock` gives the time in UTC."""

    def __init__(self, db: Database, clock: Callable[[], datetime] = now) -> None:
        self._db, self._clock = db, clock

    async def once(
        self, tenant_id: str | None, key: str | None, digest: str, work: Callable[[], Awaitable[Made]]
    ) -> Made:
        """What `work` makes, or made when this key came first; without a key it is always done.

        `tenant_id` is None for who stands above tenants: their keys are one room of names.
        `digest` is of the request: raises `Impossible("repeat-differs")` when the key came with another one, and
        `Retryable("repeat-busy")` while the first is still at it. What fails may be tried again with the same key.
        A first one that died is followed by the next after `GIVEN_UP`.
        """
        if key is None:
            return await work()
        async with self._unit(tenant_id) as session:
            made = await claim(session, key, digest, self._clock())
        if made is not None:
            return made
        try:
            made = await work()
        except BaseException:
            # What is left behind is taken over after a while.
            with suppress(SQLAlchemyError):
                async with self._unit(tenant_id) as session:
                    await release(session, key)
            raise
        async with self._unit(tenant_id) as session:
            await settle(session, key, made)
        return made

    def _unit(self, tenant_id: str | None) -> AbstractAsyncContextManager[AsyncSession]:
        return self._db.platform() if tenant_id is None else self._db.tenant(tenant_id)


async def claim(session: AsyncSession, key: str, digest: str, at: datetime) -> Made | None:
    """Take the key for this request and return None, or what was made for it; raises as `Repeats.once`."""
    row = await _row(session, key)
    if row is None:
        row = _fresh(session, key, digest, at)
        try:
            async with session.begin_nested():
                session.add(row)
        except IntegrityError:
            raise _busy() from None
        return None
    if at - row.created_at >= KEEP:
        row.digest, row.status, row.answer, row.created_at = digest, BUSY, None, at
        return None
    if row.digest != digest:
        raise Impossible("repeat-differs", "this Idempotency-Key came with another request: use a fresh one")
    if row.status == DONE:
        return row.answer or {}
    if at - row.created_at < GIVEN_UP:
        raise _busy()
    row.created_at = at
    return None


async def settle(session: AsyncSession, key: str, made: Made) -> None:
    """Keep what was made for the key."""
    row = await _row(session, key)
    if row is not None:
        row.status, row.answer = DONE, made


async def release(session: AsyncSession, key: str) -> None:
    """Give the key back: nothing was made for it."""
    kept = _table(session)
    await session.execute(delete(kept).where(col(kept.key) == key, col(kept.status) == BUSY))


async def purge(db: Database, before: datetime) -> int:
    """Forget all keys that came before then; return how many."""
    async with db.platform() as session:
        gone = [
            await session.execute(delete(kept).where(col(kept.created_at) < before))
            for kept in (Idempotency, HouseRepeat)
        ]
    return sum(int(getattr(one, "rowcount", 0)) for one in gone)


def _table(session: AsyncSession) -> type[Idempotency | HouseRepeat]:
    """Where the session's keys are kept: a tenant's by themselves."""
    return Idempotency if "scope" in session.info else HouseRepeat


def _fresh(session: AsyncSession, key: str, digest: str, at: datetime) -> Idempotency | HouseRepeat:
    given: dict[str, Any] = {"key": key, "digest": digest, "created_at": at}
    tenant_id = session.info.get("scope")
    return HouseRepeat(**given) if tenant_id is None else Idempotency(tenant_id=tenant_id, **given)


async def _row(session: AsyncSession, key: str) -> Idempotency | HouseRepeat | None:
    kept = _table(session)
    found: Idempotency | HouseRepeat | None = await session.scalar(
        select(kept).where(col(kept.key) == key).with_for_update()
    )
    return found


def _busy() -> Retryable:
    return Retryable("repeat-busy", "the first request with this Idempotency-Key is not finished yet", after=2.0)
