"""Where a request above a tenant stands: at the agency that its address names, or at the platform."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from errors import Impossible
from tenants import directory
from tenants.house_keys import HouseRef
from tenants.people.places import By, Place
from webhooks.api.access import above
from webhooks.api.problems import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from sqlalchemy.ext.asyncio import AsyncSession

    from tenants.models import Agency

SLUG = r"^[A-Za-z0-9._-]{1,80}$"
IN_AGENCY, IN_PLATFORM = "/agencies/{agency}", "/platform"
_AGENCY = {"name": "agency", "in": "path", "required": True, "schema": {"type": "string", "pattern": SLUG}}

PLATFORM = Depends(above(platform=True))
Anyone = Annotated[HouseRef, Depends(above())]
Platform = Annotated[HouseRef, PLATFORM]


@dataclass(frozen=True)
class Ground:
    """Who asks, and the short name of the agency that the address names; None at the platform."""

    house: HouseRef
    slug: str | None

    @property
    def by(self) -> By:
        """Who does what is done."""
        return self.house.by

    async def agency(self, session: AsyncSession) -> Agency:
        """The agency; `Impossible("no-such-agency")` also for one that is another's."""
        agency = await directory.agency_of(session, self.slug or "")
        if self.by.reach.role_at(agency.id) is None:
            raise Impossible("no-such-agency", "list the agencies: this is none of them")
        return agency

    async def place(self, session: AsyncSession) -> Place:
        """The agency as a place, or the platform."""
        return Place() if self.slug is None else Place(agency=await self.agency(session))

    async def agency_id(self, session: AsyncSession) -> str | None:
        """The agency's id; None at the platform."""
        return None if self.slug is None else (await self.agency(session)).id


async def ground(request: Request, house: Anyone) -> Ground:
    """Find where the request stands; at the platform only its own keys do."""
    slug = request.path_params.get("agency")
    if slug is None and house.agency_id is not None:
        raise Refusal(403, "platform-needed")
    if slug is not None and not re.fullmatch(SLUG, slug):
        raise Impossible("no-such-agency", "a short name has letters, figures and hyphens")
    return Ground(house, slug)


Here = Annotated[Ground, Depends(ground)]


def lay(app: FastAPI, method: str, path: str, handler: Callable[..., Any], **given: Any) -> None:
    """Add a route; one within an agency is described with it, since one handler may serve agencies and platform."""
    extra = {"parameters": [_AGENCY]} if path.startswith(IN_AGENCY) else None
    app.add_api_route(path, handler, methods=[method], openapi_extra=extra, **given)
