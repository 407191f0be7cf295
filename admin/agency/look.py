"""How an agency's panel looks: its names, colour, logo and host name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from sqlalchemy import select
from sqlmodel import col
from starlette.datastructures import UploadFile
from starlette.responses import PlainTextResponse, Response

from admin.agency.businesses import agency_of
from admin.agency.sheet import sheet
from admin.people.faults import faults
from core_pipeline.portraits import logo as logos
from core_pipeline.portraits.logo import LARGEST_BYTES
from core_pipeline.telling import status_of
from errors import Impossible, Retryable, SawtakError
from tenants import brands
from tenants.models import Agency

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from admin.frame.visit import Visit

FOREVER, A_WHILE = "public, max-age=31536000, immutable", "public, max-age=300"
_LOGO = re.compile(rf"([0-9a-f]{{32}})/{brands.KIND}/[0-9a-f]{{32}}\.png")


async def page(visit: Visit) -> Response:
    """The page."""
    return await _drawn(visit)


async def save(visit: Visit) -> Response:
    """Change names and colour."""
    fields = await visit.fields()
    # A colour field always has a colour: whether it counts is ticked beside it.
    words = {**fields, "colour": fields.get("colour", "") if fields.get("coloured") == "yes" else ""}
    try:
        async with visit.rooms.floor.db.platform() as session:
            await brands.dress(session, visit.actor, agency_of(visit).id, words)
    except Impossible as error:
        return await _drawn(visit, error)
    return _saved(visit)


async def move(visit: Visit) -> Response:
    """Change the host name."""
    domain, ours = (await visit.fields()).get("domain", ""), urlsplit(visit.rooms.address).hostname or ""
    try:
        async with visit.rooms.floor.db.platform() as session:
            await brands.move(session, visit.actor, agency_of(visit).id, domain, taken=ours)
    except Impossible as error:
        return await _drawn(visit, error)
    return _saved(visit)


async def upload(visit: Visit) -> Response:
    """Hang up a logo."""
    given, rooms = (await visit.form()).get("logo"), visit.rooms
    try:
        if not isinstance(given, UploadFile) or not given.size:
            raise Impossible("picture-kind", "choose a picture first")
        picture = await given.read(LARGEST_BYTES + 1)
        await logos.hang(rooms.floor.db, rooms.blobs, visit.actor, agency_of(visit).id, picture)
    except (Impossible, Retryable) as error:
        return await _drawn(visit, error)
    finally:
        await visit.request.close()
    return _saved(visit)


async def take_down(visit: Visit) -> Response:
    """Show no logo any more."""
    rooms = visit.rooms
    await logos.take_down(rooms.floor.db, rooms.blobs, visit.actor, agency_of(visit).id)
    return _saved(visit)


async def css(visit: Visit) -> Response:
    """The style sheet for the colour that the address names (rrggbb), or for the host name's agency."""
    asked = visit.request.url.query
    colour = f"#{asked}" if asked else visit.brand.get("colour", "")
    headers = {"Cache-Control": FOREVER if asked else A_WHILE}
    return Response(sheet(colour), media_type="text/css; charset=utf-8", headers=headers)


async def logo(visit: Visit) -> Response:
    """The logo that the address names, as long as an agency shows it, or that of the host name's agency."""
    asked = unquote(visit.request.url.query)
    key = asked or visit.brand.get("logo", "")
    named = _LOGO.fullmatch(key)
    async with visit.rooms.floor.db.platform(reads=True) as session:
        shown = named is not None and await _shown(session, named[1]) == key
    if named is None or not shown:
        return PlainTextResponse("There is no such logo.\n", 404)
    data = await visit.rooms.blobs.get(named[1], key)
    return Response(data, media_type="image/png", headers={"Cache-Control": FOREVER if asked else A_WHILE})


async def _shown(session: AsyncSession, agency_id: str) -> str:
    agency = await session.scalar(select(Agency).where(col(Agency.id) == agency_id))
    return (agency.brand or {}).get("logo", "") if agency is not None else ""


async def _drawn(visit: Visit, error: SawtakError | None = None) -> Response:
    agency = agency_of(visit)
    typed = await visit.fields() if error is not None else {}
    fields = {"colour-wrong": "colour", "domain-wrong": "domain", "domain-taken": "domain", "name-wrong": "name_ar"}
    found = faults(visit, error, fields) if error is not None else {}
    if error is not None and error.code.startswith(("picture-", "logo-", "avatar-", "sandbox-")):
        found = {"logo": next(iter(found.values()))}
    return visit.page(
        "agency/brand.html",
        status=status_of(error) if error is not None else 200,
        base=f"/admin/agency/{agency.slug}",
        look={**(agency.brand or {}), "domain": agency.domain or "", **typed},
        logo=(agency.brand or {}).get("logo", ""),
        errors=found,
    )


def _saved(visit: Visit) -> Response:
    return visit.go(f"/admin/agency/{agency_of(visit).slug}/brand", "Saved.")
