"""Agencies, and the businesses of each: listed, added, renamed, switched off and on, and what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from admin.people.faults import faults
from core_pipeline.insight.sheets import shares_sheet
from core_pipeline.operating.costs import this_month
from core_pipeline.telling import status_of
from errors import Impossible
from tenants import directory

if TYPE_CHECKING:
    from admin.frame.visit import Visit
    from core_pipeline.insight.period import Period
    from core_pipeline.insight.standing import Share
    from tenants.models import Agency


async def agencies(visit: Visit) -> Response:
    """Every agency."""
    return await _agencies(visit)


async def add_agency(visit: Visit) -> Response:
    """Add an agency."""
    fields = await visit.fields()
    try:
        async with visit.rooms.floor.db.platform() as session:
            slug, name = fields.get("slug", ""), fields.get("name", "")
            agency = await directory.add_agency(session, visit.actor, slug, name)
    except Impossible as error:
        return await _agencies(visit, error)
    return visit.go(f"/admin/agency/{agency.slug}", "Added.")


async def rename(visit: Visit) -> Response:
    """Give an agency another name."""
    agency, name = agency_of(visit), (await visit.fields()).get("name", "")
    try:
        async with visit.rooms.floor.db.platform() as session:
            await directory.rename_agency(session, visit.actor, agency.id, name)
    except Impossible as error:
        return await _agencies(visit, error)
    return visit.go("/admin/platform/agencies", "Saved.")


async def switch_agency(visit: Visit) -> Response:
    """Let an agency's people and keys in again, or no more."""
    active = (await visit.fields()).get("active") == "yes"
    async with visit.rooms.floor.db.platform() as session:
        await directory.switch_agency(session, visit.actor, agency_of(visit).id, active=active)
    return visit.go("/admin/platform/agencies", "Saved.")


async def page(visit: Visit) -> Response:
    """An agency's businesses."""
    return await _businesses(visit)


async def add(visit: Visit) -> Response:
    """Add a business to an agency and go there."""
    fields, agency = await visit.fields(), agency_of(visit)
    given = [fields.get(name, "") for name in ("slug", "name_ar", "name_en")]
    try:
        async with visit.rooms.floor.db.platform() as session:
            tenant = await directory.found(session, visit.actor, agency.id, given[0], given[1], given[2])
    except Impossible as error:
        return await _businesses(visit, error)
    return visit.go(f"/admin/t/{tenant.slug}/start", "Added.")


async def switch(visit: Visit) -> Response:
    """Serve a business again, or no more."""
    active, agency = (await visit.fields()).get("active") == "yes", agency_of(visit)
    slug = visit.path("business").replace("\0", "")
    async with visit.rooms.floor.db.platform() as session:
        await directory.switch(session, visit.actor, agency.id, slug, active=active)
    return visit.go(f"/admin/agency/{agency.slug}", "Saved.")


async def costs(visit: Visit) -> Response:
    """What each business had and cost this month, as a file."""
    period, had = await _month(visit)
    file = f"{agency_of(visit).slug}-costs-{period.first}-{period.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(shares_sheet(had), media_type="text/csv; charset=utf-8", headers=headers)


def agency_of(visit: Visit) -> Agency:
    """The agency that the address is about."""
    if visit.agency is None:
        raise Impossible("no-such-agency", "this address names no agency")
    return visit.agency


async def _agencies(visit: Visit, error: Impossible | None = None) -> Response:
    async with visit.rooms.floor.db.platform(reads=True) as session:
        rows = await directory.agencies(session)
    return visit.page("agency/agencies.html", agencies=rows, house=directory.HOUSE_AGENCY, **await _typed(visit, error))


async def _businesses(visit: Visit, error: Impossible | None = None) -> Response:
    async with visit.rooms.floor.db.platform(reads=True) as session:
        rows = await directory.tenants_of(session, agency_of(visit).id)
    base, (period, had) = f"/admin/agency/{agency_of(visit).slug}", await _month(visit)
    given: dict[str, Any] = {"tenants": rows, "base": base, "period": period, "shares": had}
    return visit.page("agency/businesses.html", **given, **await _typed(visit, error))


async def _month(visit: Visit) -> tuple[Period, list[Share]]:
    """The month so far, and what each of the agency's businesses had in it."""
    async with visit.rooms.floor.db.platform(reads=True) as session:
        return await this_month(session, agency_of(visit).id)


async def _typed(visit: Visit, error: Impossible | None) -> dict[str, Any]:
    """What was wrong with a form, and what was typed."""
    if error is None:
        return {"status": 200, "typed": {}}
    both = {"tenant-exists": "slug", "agency-exists": "slug"}
    return {"status": status_of(error), "typed": await visit.fields(), "errors": faults(visit, error, both)}
