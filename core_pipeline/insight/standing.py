"""How the whole installation stands: what waits, what failed and why, and what each business costs; platform's view."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlmodel import col

from tenants import quotas
from tenants.models import (
    ChannelAccount,
    Direction,
    Document,
    DocumentState,
    Message,
    Notice,
    NoticeState,
    Tenant,
    Turn,
    TurnStage,
    TurnState,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

MOST_TROUBLES = 50
_AT_WORK = (DocumentState.QUEUED, DocumentState.PARSING, DocumentState.INDEXING)


@dataclass(frozen=True)
class Standing:
    """What is under way and what is stuck: turns, documents, notices to tenants' own systems."""

    running: int
    oldest: datetime | None
    dead: int
    documents: int
    failed_documents: int
    notices: int
    dead_notices: int


@dataclass(frozen=True)
class Trouble:
    """One kind of refusal by a network: at whose account, how often, when last."""

    tenant: str
    channel: str
    account: str
    error: str
    times: int
    last: datetime


@dataclass(frozen=True)
class Share:
    """What one business had in a stretch of time; cost in millionths of a US dollar."""

    tenant: Tenant
    messages: int
    answers: int
    cost: int


async def standing(session: AsyncSession) -> Standing:
    """How everything stands now; needs the platform's session."""

    async def count(table: Any, *where: Any) -> int:
        return int(await session.scalar(select(func.count()).select_from(table).where(*where)) or 0)

    oldest = await session.scalar(select(func.min(col(Turn.started_at))).where(col(Turn.state) == TurnState.RUNNING))
    return Standing(
        running=await count(Turn, col(Turn.state) == TurnState.RUNNING),
        oldest=_utc(oldest),
        dead=await count(Turn, col(Turn.state) == TurnState.DEAD),
        documents=await count(Document, col(Document.state).in_(_AT_WORK)),
        failed_documents=await count(Document, col(Document.state) == DocumentState.FAILED),
        notices=await count(Notice, col(Notice.state) == NoticeState.WAITING),
        dead_notices=await count(Notice, col(Notice.state) == NoticeState.DEAD),
    )


async def troubles(session: AsyncSession, since: datetime) -> list[Trouble]:
    """What networks refused since then, the most frequent first."""
    last = func.max(col(Message.created_at))
    asked = (
        select(col(Tenant.slug), col(ChannelAccount.channel), col(ChannelAccount.external_id), col(Message.error))
        .add_columns(func.count(), last)
        .join(ChannelAccount, col(ChannelAccount.id) == col(Message.account_id))
        .join(Tenant, col(Tenant.id) == col(Message.tenant_id))
        .where(col(Message.direction) == Direction.OUT, col(Message.error).is_not(None))
        .where(col(Message.created_at) >= since)
        .group_by(col(Tenant.slug), col(ChannelAccount.channel), col(ChannelAccount.external_id), col(Message.error))
        .order_by(func.count().desc())
        .limit(MOST_TROUBLES)
    )
    return [
        Trouble(slug, channel, account, str(error), times, _utc(at) or since)
        for slug, channel, account, error, times, at in await session.execute(asked)
    ]


async def shares(
    session: AsyncSession, since: datetime, until: datetime, tenant_ids: Collection[str] | None = None
) -> list[Share]:
    """What each business (of these; None: all) had in that time, the dearest first; needs the platform's session."""

    async def by_tenant(asked: Any, whose: Any) -> dict[str, int]:
        wanted = asked if tenant_ids is None else asked.where(whose.in_(list(tenant_ids)))
        return {str(tenant_id): int(value or 0) for tenant_id, value in await session.execute(wanted.group_by(whose))}

    def within(column: Any) -> tuple[Any, Any]:
        return column >= since, column < until

    messages = select(col(Message.tenant_id), func.count()).where(*within(col(Message.created_at)))
    answers = select(col(Turn.tenant_id), func.count()).where(*within(col(Turn.started_at)), quotas.counts())
    costs = select(col(TurnStage.tenant_id), func.sum(col(TurnStage.cost))).where(*within(col(TurnStage.at)))
    had = await by_tenant(messages, col(Message.tenant_id))
    answered = await by_tenant(answers, col(Turn.tenant_id))
    cost = await by_tenant(costs, col(TurnStage.tenant_id))
    found = [
        Share(one, had.get(one.id, 0), answered.get(one.id, 0), cost.get(one.id, 0))
        for one in await _tenants(session, tenant_ids)
    ]
    return sorted(found, key=lambda share: (-share.cost, -share.messages, share.tenant.slug))


async def _tenants(session: AsyncSession, tenant_ids: Collection[str] | None) -> Sequence[Tenant]:
    asked = select(Tenant).order_by(col(Tenant.slug))
    if tenant_ids is not None:
        asked = asked.where(col(Tenant.id).in_(list(tenant_ids)))
    return (await session.scalars(asked)).all()


def _utc(time: datetime | str | None) -> datetime | None:
    # An aggregate of a column loses the column's type on SQLite.
    if time is None:
        return None
    parsed = datetime.fromisoformat(time) if isinstance(time, str) else time
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed
