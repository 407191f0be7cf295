"""What became of notices, and a trial: for people who connect a system of theirs and want to see it work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from errors import Impossible
from tenants.db import scope_of
from tenants.models import Notice, Subscription, new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

TRIAL = "test"


async def recent(session: AsyncSession, limit: int = 50) -> Sequence[Notice]:
    """What was told last or is on its way, newest first."""
    asked = select(Notice).order_by(col(Notice.created_at).desc(), col(Notice.id)).limit(limit)
    return (await session.scalars(asked)).all()


async def trial(session: AsyncSession, subscription_id: str) -> str:
    """Have a subscription told the event "test", that means nothing, and give the notice's id.

    Raises `Impossible("no-subscription")` for none, and for one that is switched off.
    """
    subscription = await session.get(Subscription, subscription_id)
    if subscription is None or not subscription.active:
        raise Impossible("no-subscription", "list them with `cli.py notices list`")
    notice_id = new_id()
    session.add(
        Notice(
            id=notice_id,
            tenant_id=scope_of(session),
            subscription_id=subscription_id,
            key=f"{TRIAL}:{notice_id}",
            event=TRIAL,
            payload={"text": "It works."},
        )
    )
    return notice_id
