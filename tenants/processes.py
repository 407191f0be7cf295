"""Processes of this installation: each says every few seconds that it is there, and what it counts."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col

from tenants.models import ServerProcess, now

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from tenants.db import Database

log = logging.getLogger(__name__)

EVERY_SECONDS = 10.0
# Silent for this long is gone; forgotten after a week.
GONE, FORGOTTEN = timedelta(seconds=45), timedelta(days=7)


async def beat(session: AsyncSession, name: str, kind: str, figures: Mapping[str, Any], started: datetime) -> None:
    """Say that this process is there, and what it counts."""
    row, at = await session.get(ServerProcess, name), now()
    if row is None:
        row = ServerProcess(name=name, kind=kind)
        session.add(row)
    row.kind, row.figures, row.started_at, row.seen_at = kind, dict(figures), started, at


async def everyone(session: AsyncSession) -> Sequence[ServerProcess]:
    """Every process that was seen within a week, those that are there first."""
    asked = select(ServerProcess).order_by(col(ServerProcess.seen_at).desc(), col(ServerProcess.name))
    return (await session.scalars(asked)).all()


def there(process: ServerProcess, at: datetime | None = None) -> bool:
    """Whether it has been heard of lately."""
    return (at or now()) - process.seen_at < GONE


@asynccontextmanager
async def beating(
    db: Database, name: str, kind: str, figures: Callable[[], Mapping[str, Any]], every: float = EVERY_SECONDS
) -> AsyncIterator[None]:
    """Beat as "name/kind" while the block runs; a database that is away is no reason to stop."""
    over, started = asyncio.Event(), now()

    async def beats() -> None:
        while not over.is_set():
            try:
                await _beaten(db, name, kind, figures(), started)
            except SQLAlchemyError as error:
                log.warning("the process could not say that it is there: %s", type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), every)

    task = asyncio.create_task(beats())
    try:
        yield
    finally:
        over.set()  # not cancelled: a statement cut short would cost its connection
        await task


async def _beaten(db: Database, name: str, kind: str, figures: Mapping[str, Any], started: datetime) -> None:
    async with db.platform() as session:
        await session.execute(delete(ServerProcess).where(col(ServerProcess.seen_at) < now() - FORGOTTEN))
        await beat(session, f"{name}/{kind}", kind, figures, started)
