"""How often somebody may try to get in: counted in the database, before anything is looked at, for all processes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from errors import Retryable
from tenants.models import Attempt, now

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

FORGOTTEN = timedelta(hours=24)


@dataclass(frozen=True)
class Tries:
    """Under this key so many tries are free; after that each costs a wait, `first` and then twice as long each time."""

    key: str
    free: int
    first: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(minutes=15)


def of_login(login: str) -> Tries:
    """Tries to be this person; of what was typed nothing is kept, for people type passwords there."""
    return Tries(f"login:{_digest(login)}", 5)


def of_address(address: str) -> Tries:
    """Tries from one network: an office shares its address, so there are more of them."""
    return Tries(f"address:{_digest(_network(address))}", 30)


def of_second(person_id: str) -> Tries:
    """Tries to give the second factor."""
    return Tries(f"second:{person_id}", 5)


async def spend(session: AsyncSession, tries: Iterable[Tries]) -> None:
    """Count one try under each key, before it is known how it ends: a hundred at once are a hundred.

    Raises `Retryable("sign-in-wait", after=seconds)` when any must wait; then nothing is counted.
    """
    at = now()
    # In one order, so that two who wait for each other's rows can't be.
    rows = [(each, await _row(session, each.key, at)) for each in sorted(tries, key=lambda one: one.key)]
    wait = max((row.until - at for _, row in rows), default=timedelta())
    if wait > timedelta():
        raise Retryable("sign-in-wait", "wait before you try again", after=wait.total_seconds())
    for each, row in rows:
        row.failures, row.at = row.failures + 1, at
        over = row.failures - each.free
        if over >= 0:
            row.until = at + min(each.first * 2 ** min(over, 20), each.longest)
    old = select(col(Attempt.key)).where(col(Attempt.at) < at - FORGOTTEN).with_for_update(skip_locked=True)
    await session.execute(delete(Attempt).where(col(Attempt.key).in_(old)))


async def settle(session: AsyncSession, proven: Tries, others: Iterable[Tries] = ()) -> None:
    """Forget the tries of somebody who got in; of what they share with others only this one try."""
    for each in sorted(others, key=lambda one: one.key):
        row = await session.get(Attempt, each.key, with_for_update=True)
        if row is not None:
            row.failures = max(0, row.failures - 1)
            row.until = now() if row.failures < each.free else row.until
    await session.flush()
    await session.execute(delete(Attempt).where(col(Attempt.key) == proven.key))


async def _row(session: AsyncSession, key: str, at: datetime) -> Attempt:
    """The key's row, held until the unit ends, so that of many at once each counts."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    fresh = insert(Attempt).values(key=key, failures=0, until=at, at=at)
    await session.execute(fresh.on_conflict_do_nothing(index_elements=["key"]))
    held = select(Attempt).where(col(Attempt.key) == key).with_for_update().execution_options(populate_existing=True)
    row = (await session.scalars(held)).one()
    if at - row.at > FORGOTTEN:
        row.failures = 0
    return row


def _network(address: str) -> str:
    """The network that somebody has to themselves: of IPv6 the first half."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(int(found) >> 64) if isinstance(found, IPv6Address) else str(found)


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
