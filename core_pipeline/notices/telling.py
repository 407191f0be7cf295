"""Writing down what is to be told, in the caller's unit: a notice is there exactly if what it is about is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core_pipeline.notices.events import EVENTS
from core_pipeline.notices.subscriptions import KNOWN, wanting
from errors import Impossible
from tenants.db import scope_of
from tenants.models import Notice, NoticeState, Subscription, now


async def notify(session: AsyncSession, event: str, key: str, payload: Mapping[str, Any]) -> None:
    """Have every subscription to `event` told of it, once per `key`; `payload` is plain JSON.

    One read in a unit of work where nobody wants to know.
    """
    if event not in EVENTS:
        raise Impossible("notice-events", f"there is no event {event!r}")
    for subscription_id in await wanting(session, event):
        notice = Notice(
            tenant_id=scope_of(session),
            subscription_id=subscription_id,
            key=f"{event}:{key}",
            event=event,
            payload=dict(payload),
        )
        # The dialect's own insert: a second telling is no error that would cost the caller's unit.
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        written = insert(Notice).values(notice.model_dump())
        await session.execute(written.on_conflict_do_nothing(index_elements=["subscription_id", "key"]))


async def dead(session: AsyncSession, limit: int = 100) -> list[Notice]:
    """Notices that were given up, newest first, with their `cause`."""
    asked = select(Notice).where(col(Notice.state) == NoticeState.DEAD)
    rows: Sequence[Notice] = (
        await session.scalars(asked.order_by(col(Notice.done_at).desc(), col(Notice.id)).limit(limit))
    ).all()
    return list(rows)


async def retry(session: AsyncSession, notice_id: str) -> None:
    """Try a dead notice again from the beginning; its subscription is switched on if it was off.

    Raises `Impossible("not-dead")` for any other.
    """
    notice = await session.get(Notice, notice_id)
    if notice is None or notice.state != NoticeState.DEAD:
        raise Impossible("not-dead", "only a dead notice can be tried again; list them with `cli.py notices dead`")
    notice.state, notice.attempts, notice.cause = NoticeState.WAITING, 0, None
    notice.next_at, notice.done_at = now(), None
    (await session.get_one(Subscription, notice.subscription_id)).active = True
    session.info.pop(KNOWN, None)
    await session.flush()


async def purge(session: AsyncSession, delivered_before: datetime, dead_before: datetime) -> int:
    """Forget what was delivered, or given up, before then; return how many notices."""
    done = [
        (col(Notice.state) == state) & (col(Notice.done_at) < before)
        for state, before in ((NoticeState.DELIVERED, delivered_before), (NoticeState.DEAD, dead_before))
    ]
    gone = delete(Notice).where(or_(*done)).execution_options(synchronize_session=False).returning(col(Notice.id))
    return len((await session.execute(gone)).all())
