"""How much a month may bring a tenant, and how much it brought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select
from sqlmodel import col

from errors import Impossible
from tenants import audit, directory
from tenants.db import scope_of
from tenants.models import Tenant, Turn, TurnState

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncSession

    from tenants.audit import Actor

MOST_ANSWERS = 100_000_000
NEAR = 0.8
COLLEAGUE = "colleague"  # the note of a turn in which one of the business's people answered


@dataclass(frozen=True)
class Month:
    """The month so far: `used` answers of `most` (0: no bound), and whether the bot keeps quiet once they are used."""

    used: int
    most: int
    stop: bool

    @property
    def part(self) -> float | None:
        """The part that is used; None without a bound."""
        return self.used / self.most if self.most else None

    @property
    def near(self) -> bool:
        """Whether it is time to tell somebody."""
        return self.part is not None and self.part >= NEAR

    @property
    def over(self) -> bool:
        """Whether the bot has to keep quiet."""
        return self.stop and bool(self.most) and self.used >= self.most


def counts() -> ColumnElement[bool]:
    """Which turns count: those that brought the customer an answer which no colleague wrote."""
    ours = or_(col(Turn.note).is_(None), col(Turn.note) != COLLEAGUE)
    return and_(col(Turn.state) == TurnState.ANSWERED, col(Turn.reply_kind).is_not(None), ours)


async def month(session: AsyncSession, zone: str, at: datetime | None = None) -> Month:
    """The current month of the session's tenant, as its calendar counts."""
    tenant = await session.get_one(Tenant, scope_of(session))
    most, stop = int((tenant.quota or {}).get("messages", 0)), bool((tenant.quota or {}).get("stop", False))
    today = (at or datetime.now(UTC)).astimezone(ZoneInfo(zone))
    first = today.replace(day=1, hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    asked = select(func.count()).select_from(Turn).where(col(Turn.started_at) >= first, counts())
    return Month(int(await session.scalar(asked) or 0), most, stop)


async def over(session: AsyncSession, zone: str) -> bool:
    """Whether the tenant has used up what it may have; costs a look at the tenant alone where there is no bound."""
    quota = (await session.get_one(Tenant, scope_of(session))).quota or {}
    return bool(quota.get("stop") and quota.get("messages")) and (await month(session, zone)).over


async def allow(session: AsyncSession, tenant_id: str, messages: int, *, stop: bool) -> None:
    """Let a tenant have so many answers a month (0: as many as it likes); `Impossible` for other figures."""
    if not 0 <= messages <= MOST_ANSWERS:
        raise Impossible("quota", f"give a number of answers from 0 (no bound) to {MOST_ANSWERS}")
    tenant = await session.get_one(Tenant, tenant_id)
    tenant.quota = {"messages": messages, "stop": stop}


async def grant(session: AsyncSession, actor: Actor, slug: str, messages: int, *, stop: bool) -> Tenant:
    """The same for the business of this short name, as somebody decided; `Impossible("no-such-tenant")`, too."""
    tenant = await directory.business_of(session, None, slug)
    before = dict(tenant.quota or {})
    await allow(session, tenant.id, messages, stop=stop)
    audit.record(session, actor, "quota.allow", slug, before=before, after=dict(tenant.quota), tenant_id=tenant.id)
    return tenant
