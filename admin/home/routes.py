"""The first page, and a tenant's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from admin.frame.doors import Door, Nav, Open
from admin.onboarding.progress import progress
from core_pipeline.desk import rows
from core_pipeline.insight.figures import figures
from core_pipeline.insight.period import Period
from tenants import open_questions, quotas
from tenants.models import Agency, Tenant, now
from tenants.people.roles import May

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from admin.frame.visit import Visit

WEEK = 7


async def first(visit: Visit) -> Response:
    """The businesses that the visitor looks after; with one only, that one."""
    reach = visit.who.reach
    async with visit.rooms.floor.db.platform(reads=True) as session:
        asked, agencies = select(Tenant).order_by(col(Tenant.name_ar)), select(Agency).order_by(col(Agency.name))
        if not reach.platform:
            asked = asked.where(
                col(Tenant.id).in_(list(reach.tenants)) | col(Tenant.agency_id).in_(list(reach.agencies))
            )
            agencies = agencies.where(col(Agency.id).in_(list(reach.agencies)))
        tenants: Sequence[Tenant] = (await session.scalars(asked)).all()
        looked_after = (await session.scalars(agencies)).all()
    if len(tenants) == 1 and not looked_after:
        return visit.go(f"/admin/t/{tenants[0].slug}")
    return visit.page("home/businesses.html", tenants=tenants, agencies=looked_after)


async def glance(visit: Visit) -> Response:
    """What waits for somebody, and the week so far."""
    async with visit.work(reads=True) as session:
        waiting = await rows.counts(session, visit.who.person.id)
        unanswered = (await open_questions.counts(session))[open_questions.OPEN]
        week = await figures(session, Period.latest(WEEK, visit.zone, now()))
        month = await quotas.month(session, visit.zone)
        far = await progress(session)
    return visit.page("home/glance.html", waiting=waiting, unanswered=unanswered, week=week, month=month, far=far)


DOORS = (
    Door("GET", "/", Open.SIGNED_IN, first),
    Door("GET", "/t/{tenant}", May.SEE, glance),
)
NAV = (Nav(0, "/t/{tenant}", "Overview", "home", May.SEE),)
