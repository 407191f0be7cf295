"""Agencies and their businesses: listed, added, renamed, switched; a business's keys, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import Path
from pydantic import BaseModel, Field

from core_pipeline.operating.costs import this_month
from tenants import directory
from webhooks.api import keys, schemas
from webhooks.api.house.ground import IN_AGENCY, SLUG, Anyone, Here, Platform, lay
from webhooks.api.repeats import RepeatKey, digest_of, own_name

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from fastapi import FastAPI

    from core_pipeline.insight.period import Period
    from core_pipeline.insight.standing import Share
    from tenants.house_keys import HouseRef
    from tenants.idempotency import Made
    from tenants.models import Agency, Tenant
    from webhooks.api.desk import Desk

Business = Annotated[str, Path(pattern=SLUG)]
ShortName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$", description="For addresses.")]


class AgencyTold(BaseModel):
    """An agency; one that is not `active` has people and keys that are let in no more."""

    slug: str
    name: str
    domain: str | None
    active: bool
    businesses: int
    created_at: datetime


class AgencyAsked(schemas.Asking):
    """A new agency."""

    slug: ShortName
    name: schemas.Name


class AgencyChanged(schemas.Asking):
    """What changes of an agency; what is left out stays."""

    name: schemas.Name | None = None
    active: bool | None = None


class BusinessTold(BaseModel):
    """A business; one that is not `active` is not served, and its keys are refused."""

    slug: str
    name_ar: str
    name_en: str
    active: bool
    created_at: datetime


class BusinessAsked(schemas.Asking):
    """A new business."""

    slug: ShortName
    name_ar: schemas.Name
    name_en: schemas.Name


class BusinessSwitched(schemas.Asking):
    """Whether it is served."""

    active: bool


class ShareTold(BaseModel):
    """What a business had this month; `most` answers are allowed (0: no bound), `stop` keeps its bot quiet after."""

    slug: str
    name_ar: str
    name_en: str
    messages: int
    answers: int
    usd: float
    most: int
    stop: bool


class CostsTold(BaseModel):
    """The month so far, the dearest business first."""

    first: date
    last: date
    businesses: list[ShareTold]


@dataclass(frozen=True)
class Agencies:
    """The routes to agencies and their businesses."""

    desk: Desk

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        lay(app, "GET", "/agencies", self.listed, response_model=list[AgencyTold])
        lay(app, "POST", "/agencies", self.added, response_model=AgencyTold, status_code=201)
        lay(app, "GET", IN_AGENCY, self.shown, response_model=AgencyTold)
        lay(app, "PUT", IN_AGENCY, self.changed, response_model=AgencyTold)
        businesses = f"{IN_AGENCY}/businesses"
        lay(app, "GET", businesses, self.businesses, response_model=list[BusinessTold])
        lay(app, "POST", businesses, self.founded, response_model=BusinessTold, status_code=201)
        lay(app, "PUT", f"{businesses}/{{business}}", self.switched, response_model=BusinessTold)
        path = f"{businesses}/{{business}}/keys"
        lay(app, "POST", path, self.key_made, response_model=keys.KeyMade, status_code=201)
        lay(app, "GET", f"{IN_AGENCY}/costs", self.costs, response_model=CostsTold)

    async def listed(self, house: Anyone) -> list[AgencyTold]:
        """List agencies: every one with a key of the platform, with an agency's its own."""
        async with self.desk.needs.db.platform(reads=True) as session:
            rows = await directory.agencies(session)
        return [_agency(agency, count) for agency, count in rows if house.by.reach.role_at(agency.id) is not None]

    async def added(self, house: Platform, asked: AgencyAsked, key: RepeatKey = None) -> AgencyTold:
        """Add an agency."""

        async def made() -> Made:
            async with self.desk.needs.db.platform() as session:
                row = await directory.add_agency(session, house.by.actor, asked.slug, asked.name)
                return _agency(row, 0).model_dump(mode="json")

        digest = digest_of("agency", **asked.model_dump())
        return AgencyTold.model_validate(await self._once(house, key, digest, made))

    async def shown(self, here: Here) -> AgencyTold:
        """Tell of an agency."""
        async with self.desk.needs.db.platform(reads=True) as session:
            agency = await here.agency(session)
            return _agency(agency, len(await directory.tenants_of(session, agency.id)))

    async def changed(self, house: Platform, here: Here, asked: AgencyChanged) -> AgencyTold:
        """Rename an agency, or switch it off or on; its businesses are served as before."""
        async with self.desk.needs.db.platform() as session:
            agency, actor = await here.agency(session), house.by.actor
            if asked.name is not None:
                await directory.rename_agency(session, actor, agency.id, asked.name)
            if asked.active is not None:
                await directory.switch_agency(session, actor, agency.id, active=asked.active)
            return _agency(agency, len(await directory.tenants_of(session, agency.id)))

    async def businesses(self, here: Here) -> list[BusinessTold]:
        """List the businesses that an agency looks after."""
        async with self.desk.needs.db.platform(reads=True) as session:
            rows = await directory.tenants_of(session, (await here.agency(session)).id)
        return [_business(row) for row in rows]

    async def founded(self, here: Here, asked: BusinessAsked, key: RepeatKey = None) -> BusinessTold:
        """Add a business; make a key of its own next, and set it up with that."""

        async def made() -> Made:
            async with self.desk.needs.db.platform() as session:
                agency, given = await here.agency(session), (asked.slug, asked.name_ar, asked.name_en)
                tenant = await directory.found(session, here.by.actor, agency.id, *given)
                return _business(tenant).model_dump(mode="json")

        digest = digest_of("business", agency=here.slug, **asked.model_dump())
        return BusinessTold.model_validate(await self._once(here.house, key, digest, made))

    async def switched(self, here: Here, business: Business, asked: BusinessSwitched) -> BusinessTold:
        """Serve a business again, or no more."""
        async with self.desk.needs.db.platform() as session:
            agency = await here.agency(session)
            row = await directory.switch(session, here.by.actor, agency.id, business, active=asked.active)
        return _business(row)

    async def key_made(self, here: Here, business: Business, asked: keys.KeyAsked) -> keys.KeyMade:
        """Make a key of a business, with which everything else of it is done."""
        db = self.desk.needs.db
        async with db.platform(reads=True) as session:
            agency = await here.agency(session)
            tenant = await directory.business_of(session, agency.id, business)
        async with db.tenant(tenant.id) as session:
            return await keys.fresh(session, here.by.actor, asked)

    async def costs(self, here: Here) -> CostsTold:
        """Tell what each business of an agency had and cost this month."""
        async with self.desk.needs.db.platform(reads=True) as session:
            found = await this_month(session, (await here.agency(session)).id)
        return costs_told(*found)

    async def _once(self, house: HouseRef, key: str | None, digest: str, work: Callable[[], Awaitable[Made]]) -> Made:
        return await self.desk.repeats.once(None, own_name(f"house {house.id}", key), digest, work)


def costs_told(period: Period, shares: Iterable[Share]) -> CostsTold:
    """A month as the API tells it."""
    return CostsTold(first=period.first, last=period.last, businesses=[_share(one) for one in shares])


def _share(one: Share) -> ShareTold:
    tenant, quota = one.tenant, one.tenant.quota or {}
    return ShareTold(
        slug=tenant.slug,
        name_ar=tenant.name_ar,
        name_en=tenant.name_en,
        messages=one.messages,
        answers=one.answers,
        usd=one.cost / 1e6,
        most=int(quota.get("messages", 0)),
        stop=bool(quota.get("stop", False)),
    )


def _agency(row: Agency, businesses: int) -> AgencyTold:
    return AgencyTold(
        slug=row.slug,
        name=row.name,
        domain=row.domain,
        active=row.off_at is None,
        businesses=businesses,
        created_at=row.created_at,
    )


def _business(row: Tenant) -> BusinessTold:
    return BusinessTold.model_validate(row, from_attributes=True)
