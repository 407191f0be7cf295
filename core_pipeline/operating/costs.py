"""What businesses had and cost this month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core_pipeline.insight.period import Period
from core_pipeline.insight.standing import shares
from tenants import directory
from tenants.models import now

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from core_pipeline.insight.standing import Share

# Of no business in particular: the installation's month.
HOUSE_ZONE = "Africa/Cairo"


async def this_month(session: AsyncSession, agency_id: str | None = None) -> tuple[Period, list[Share]]:
    """The month so far, and each business's share of it, the dearest first; of one agency, or (None) of all."""
    period = Period.month(HOUSE_ZONE, now())
    ids = None if agency_id is None else [one.id for one in await directory.tenants_of(session, agency_id)]
    return period, await shares(session, period.since, period.until, ids)
