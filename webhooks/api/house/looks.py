"""How an agency's panel looks: names, colour, logo and host name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from fastapi import File, UploadFile
from pydantic import BaseModel, Field
from starlette.responses import Response

from core_pipeline.portraits import logo as logos
from tenants import brands
from webhooks.api import schemas
from webhooks.api.house.ground import IN_AGENCY, Here, lay

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tenants.models import Agency
    from webhooks.api.desk import Desk

Named = Annotated[str, Field(max_length=80, pattern=r"^[^\x00]*$", description='Empty: "Sawtak".')]


class LookTold(BaseModel):
    """How the panel looks to an agency's people; `domain` is the host name at which it does so for everybody."""

    name_ar: str
    name_en: str
    colour: str
    domain: str | None
    logo_url: str | None


class LookAsked(schemas.Asking):
    """Names and colour; what is left out goes."""

    name_ar: Named = ""
    name_en: Named = ""
    colour: Annotated[str, Field(pattern=r"^(#[0-9A-Fa-f]{6})?$")] = ""


class DomainAsked(schemas.Asking):
    """A host name of your own that leads here by DNS; empty: none."""

    domain: Annotated[str, Field(max_length=253, pattern=r"^[^\x00]*$")]


@dataclass(frozen=True)
class Looks:
    """The routes to an agency's brand, host name and logo."""

    desk: Desk

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        lay(app, "GET", f"{IN_AGENCY}/brand", self.shown, response_model=LookTold)
        lay(app, "PUT", f"{IN_AGENCY}/brand", self.dressed, response_model=LookTold)
        lay(app, "PUT", f"{IN_AGENCY}/domain", self.moved, response_model=LookTold)
        lay(app, "PUT", f"{IN_AGENCY}/logo", self.hung, response_model=LookTold)
        lay(app, "DELETE", f"{IN_AGENCY}/logo", self.taken_down, status_code=204)

    async def shown(self, here: Here) -> LookTold:
        """Tell how an agency's panel looks."""
        async with self.desk.needs.db.platform(reads=True) as session:
            return self._told(await here.agency(session))

    async def dressed(self, here: Here, asked: LookAsked) -> LookTold:
        """Change names and colour."""
        async with self.desk.needs.db.platform() as session:
            agency = await here.agency(session)
            return self._told(await brands.dress(session, here.by.actor, agency.id, asked.model_dump()))

    async def moved(self, here: Here, asked: DomainAsked) -> LookTold:
        """Change the host name."""
        ours = urlsplit(self.desk.needs.address).hostname or ""
        async with self.desk.needs.db.platform() as session:
            agency = await here.agency(session)
            return self._told(await brands.move(session, here.by.actor, agency.id, asked.domain, taken=ours))

    async def hung(self, here: Here, logo: Annotated[UploadFile, File()]) -> LookTold:
        """Show a picture (PNG, JPEG or WebP) as the logo."""
        needs = self.desk.needs
        async with needs.db.platform(reads=True) as session:
            agency = await here.agency(session)
        picture = await logo.read(logos.LARGEST_BYTES + 1)
        await logos.hang(needs.db, needs.blobs, here.by.actor, agency.id, picture)
        return await self.shown(here)

    async def taken_down(self, here: Here) -> Response:
        """Show no logo any more."""
        needs = self.desk.needs
        async with needs.db.platform(reads=True) as session:
            agency = await here.agency(session)
        await logos.take_down(needs.db, needs.blobs, here.by.actor, agency.id)
        return Response(status_code=204)

    def _told(self, agency: Agency) -> LookTold:
        brand = agency.brand or {}
        logo = f"{self.desk.needs.address}/admin/brand/logo?{brand['logo']}" if brand.get("logo") else None
        words = {name: brand.get(name, "") for name in brands.WORDS}
        return LookTold(**words, domain=agency.domain, logo_url=logo)
