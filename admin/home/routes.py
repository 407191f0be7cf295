"""The first page, and a tenant's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from admin.frame.doors import Door, Nav, Open
from tenants.models import Tenant
from tenants.people.roles import May

if TYPE_CHECKING:
    from starlette.responses import Response

    from admin.frame.visit import Visit


async def first(visit: Visit) -> Response:
    """The businesses that the visitor looks after; with one only, that one."""
    reach = visit.who.reach
    async with visit.rooms.floor.db.platform(reads=True) as session:
        asked = select(Tenant).order_by(col(Tenant.name_ar))
        if not reach.platform:
            mine = col(Tenant.id).in_(list(reach.tenants)) | col(Tenant.agency_id).in_(list(reach.agencies))
            asked = asked.where(mine)
        tenants = (await session.scalars(asked)).all()
    if len(tenants) == 1 and not reach.platform and not reach.agencies:
        return visit.go(f"/admin/t/{tenants[0].slug}")
    return visit.page("home/businesses.html", tenants=tenants)


async def glance(visit: Visit) -> Response:
    """One business at a glance."""
    return visit.page("home/glance.html")


DOORS = (
    Door("GET", "/", Open.SIGNED_IN, first),
    Door("GET", "/t/{tenant}", May.SEE, glance),
)
NAV = (Nav(0, "/t/{tenant}", "Overview", "home", May.SEE),)
