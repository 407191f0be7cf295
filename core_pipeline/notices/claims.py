"""Whose turn it is to deliver a notice: one worker's at a time, for as long as its lease lasts.

The lease is the time of the next try itself: whoever takes a notice moves it on, if it still stands where they saw it.
A worker that dies in between costs one try; one that comes back too late can write nothing any more.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from tenants.models import Notice, NoticeState, Subscription, now

LEASE = timedelta(seconds=60)


@dataclass(frozen=True)
class Claim:
    """The right to deliver `notice` until `until`."""

    notice: Notice
    until: datetime


async def due(session: AsyncSession, without: Collection[str], limit: int) -> list[str]:
    """Ids of subscriptions, of any tenant, that have something to be delivered now, longest waiting first."""
    asked = (
        select(col(Notice.subscription_id))
        .join(Subscription, col(Subscription.id) == col(Notice.subscription_id))
        .where(_waiting(), col(Notice.next_at) <= now(), col(Subscription.active))
        .where(col(Notice.subscription_id).not_in(without))
        .group_by(col(Notice.subscription_id))
        .order_by(func.min(col(Notice.next_at)))
        .limit(limit)
    )
    return list((await session.scalars(asked)).all())


async def take(session: AsyncSession, subscription_id: str) -> Claim | None:
    """Claim the subscription's oldest notice that is due; None when there is none, or others were faster."""
    asked = (
        select(Notice)
        .where(_waiting(), col(Notice.next_at) <= now(), col(Notice.subscription_id) == subscription_id)
        .order_by(col(Notice.created_at), col(Notice.id))
        .limit(1)
    )
    notice = await session.scalar(asked)
    if notice is None:
        return None
    until = now() + LEASE
    taken = await _written(session, notice.id, notice.next_at, next_at=until, attempts=notice.attempts + 1)
    return Claim(notice, until) if taken else None


async def delivered(session: AsyncSession, claim: Claim) -> None:
    """Note that the receiver has it; not so if the claim was lost: then somebody else notes it."""
    await _written(session, claim.notice.id, claim.until, state=NoticeState.DELIVERED.value, done_at=now(), cause=None)


async def later(session: AsyncSession, claim: Claim, pause: timedelta, cause: str) -> None:
    """Try again after the pause."""
    await _written(session, claim.notice.id, claim.until, next_at=now() + pause, cause=cause)


async def died(session: AsyncSession, claim: Claim, cause: str) -> None:
    """Give the notice up."""
    await _written(session, claim.notice.id, claim.until, state=NoticeState.DEAD.value, done_at=now(), cause=cause)


async def switch_off(session: AsyncSession, subscription_id: str, cause: str) -> None:
    """Tell nothing more to a subscription; what waits for it is given up."""
    await session.execute(update(Subscription).where(col(Subscription.id) == subscription_id).values(active=False))
    waits = update(Notice).where(_waiting(), col(Notice.subscription_id) == subscription_id)
    await session.execute(waits.values(state=NoticeState.DEAD.value, done_at=now(), cause=cause))


async def expire(session: AsyncSession, subscription_id: str, before: datetime, cause: str) -> None:
    """Give up what waits for a subscription since before then."""
    waits = _waiting(), col(Notice.subscription_id) == subscription_id, col(Notice.created_at) < before
    given_up = update(Notice).where(*waits, col(Notice.next_at) <= now())
    await session.execute(given_up.values(state=NoticeState.DEAD.value, done_at=now(), cause=cause))


def _waiting() -> Any:
    return col(Notice.state) == NoticeState.WAITING.value


async def _written(session: AsyncSession, notice_id: str, seen: datetime, **values: Any) -> bool:
    mine = col(Notice.id) == notice_id, _waiting(), col(Notice.next_at) == seen
    result = await session.execute(
        update(Notice).where(*mine).values(**values).execution_options(synchronize_session=False)
    )
    return bool(getattr(result, "rowcount", 0))
