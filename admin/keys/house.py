"""Keys to the API above a business: an agency's for its own deeds, and the platform's; made, shown once, revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from admin.people.faults import faults
from admin.people.staff import base_of
from core_pipeline.telling import status_of
from errors import Impossible
from tenants import house_keys

if TYPE_CHECKING:
    from starlette.responses import Response

    from admin.frame.visit import Visit

FIELDS = {"key-name": "name"}


async def page(visit: Visit) -> Response:
    """The keys, without themselves."""
    return await _drawn(visit)


async def make(visit: Visit) -> Response:
    """Make a key; it is shown this once."""
    name = (await visit.fields()).get("name", "").replace("\0", "")
    try:
        async with visit.rooms.floor.db.platform() as session:
            key, row = await house_keys.make(session, visit.actor, _agency_id(visit), name)
    except Impossible as error:
        return await _drawn(visit, error)
    back = f"{base_of(visit)}/keys"
    return visit.page("keys/shown.html", status=201, secret=key, called=row.name, of_notices=False, back=back)


async def revoke(visit: Visit) -> Response:
    """Refuse a key from now on."""
    key_id = visit.path("house_key").replace("\0", "")
    async with visit.rooms.floor.db.platform() as session:
        await house_keys.revoke(session, visit.actor, _agency_id(visit), key_id)
    return visit.go(f"{base_of(visit)}/keys", "Revoked: within five seconds nobody gets in with it.")


async def _drawn(visit: Visit, error: Impossible | None = None) -> Response:
    async with visit.rooms.floor.db.platform(reads=True) as session:
        rows = await house_keys.listing(session, _agency_id(visit))
    return visit.page(
        "keys/house.html",
        status=status_of(error) if error is not None else 200,
        base=base_of(visit),
        keys=rows,
        typed=await visit.fields() if error is not None else {},
        errors=faults(visit, error, FIELDS) if error is not None else {},
    )


def _agency_id(visit: Visit) -> str | None:
    return visit.agency.id if visit.agency is not None else None
