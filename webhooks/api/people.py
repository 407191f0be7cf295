"""People of a business: who they are, invitations, roles; and what everybody did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import Depends, Path, Query
from pydantic import AwareDatetime, BaseModel
from starlette.responses import Response

from tenants import audit
from tenants.audit import Actor, Wanted
from tenants.models import Tenant
from tenants.people import colleagues, invites
from tenants.people.places import By, Place
from tenants.people.roles import Role
from webhooks.api import schemas
from webhooks.api.access import Caller, allowed

if TYPE_CHECKING:
    from fastapi import FastAPI
    from sqlalchemy.ext.asyncio import AsyncSession

    from webhooks.api.desk import Desk

Steward = Annotated[Caller, Depends(allowed("people", secret=True))]
PersonId = Annotated[str, Path(pattern=schemas.ID)]
InviteId = Annotated[str, Path(pattern=schemas.ID)]
RoleName = Literal["owner", "editor", "agent", "viewer"]
Plain = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]
NEWEST, MOST = 2**62, 200


class OnePerson(BaseModel):
    """Somebody who works for the business; `second_step` says that they give a code besides their password."""

    id: str
    login: str
    name: str
    role: RoleName
    active: bool
    second_step: bool
    seen_at: datetime | None


class OneInvite(BaseModel):
    """An invitation that nobody has used yet."""

    id: str
    name: str
    role: RoleName
    expires_at: datetime


class People(BaseModel):
    """Everybody who works for the business, and who is invited."""

    people: list[OnePerson]
    invites: list[OneInvite]


class Inviting(schemas.Asking):
    """Who is invited, and what they may."""

    role: RoleName
    name: schemas.Name | None = None


class Link(BaseModel):
    """A link, good for seven days and once; it is told only now."""

    link: str


class NewRole(schemas.Asking):
    """What somebody may from now on."""

    role: RoleName


class Deed(BaseModel):
    """Something that was done: `action`, to what, and what changed of it."""

    id: int
    at: datetime
    who: str
    action: str
    thing: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class Deeds(BaseModel):
    """What was done, newest first; ask on with `before`, null at the end."""

    deeds: list[Deed]
    before: int | None


@dataclass(frozen=True)
class Looking:
    """Which deeds are asked for."""

    who: Plain = ""
    action: Annotated[Plain, Query(description="How it begins, like people.")] = ""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    before: Annotated[int | None, Query(ge=1, le=NEWEST)] = None
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50

    async def found(self, session: AsyncSession, agency_id: str = "") -> Deeds:
        """What was done where the session stands, or in this agency."""
        wanted = Wanted(
            agency_id=agency_id,
            who=self.who,
            action=self.action,
            since=self.since,
            until=self.until,
            before=self.before,
        )
        rows = await audit.listing(session, wanted, self.limit)
        found = [Deed.model_validate(one, from_attributes=True) for one in rows]
        return Deeds(deeds=found, before=found[-1].id if len(found) == self.limit else None)


Asked = Annotated[Looking, Depends()]


@dataclass(frozen=True)
class PeopleRoutes:
    """The routes that need the scope "people" and a secret key, which may do what an owner may."""

    desk: Desk

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        app.add_api_route("/people", self.listed, methods=["GET"], response_model=People)
        app.add_api_route("/people/invites", self.invited, methods=["POST"], response_model=Link, status_code=201)
        app.add_api_route("/people/invites/{invite_id}", self.withdrawn, methods=["DELETE"], status_code=204)
        app.add_api_route("/people/{person_id}", self.changed, methods=["PUT"], response_model=OnePerson)
        app.add_api_route("/people/{person_id}", self.removed, methods=["DELETE"], status_code=204)
        app.add_api_route("/audit", self.deeds, methods=["GET"], response_model=Deeds)

    async def listed(self, caller: Steward) -> People:
        """List who works for the business, and who is invited."""
        async with self.desk.needs.db.platform(reads=True) as session:
            _, place = await _from(session, caller)
            people = await colleagues.listing(session, place)
            waiting = await invites.pending(session, place)
        open_ones = [OneInvite.model_validate(one, from_attributes=True) for one in waiting]
        return People(people=[_one(each) for each in people], invites=open_ones)

    async def invited(self, caller: Steward, asked: Inviting) -> Link:
        """Make a link for somebody new, who chooses name and password; hand it over yourself."""
        async with self.desk.needs.db.platform() as session:
            by, place = await _from(session, caller)
            token = await invites.make(session, by, place, Role(asked.role), asked.name or "")
        return Link(link=f"{self.desk.needs.address}{invites.PATH}{token}")

    async def withdrawn(self, caller: Steward, invite_id: InviteId) -> Response:
        """Make an invitation void."""
        async with self.desk.needs.db.platform() as session:
            by, place = await _from(session, caller)
            await invites.withdraw(session, by, place, invite_id)
        return Response(status_code=204)

    async def changed(self, caller: Steward, person_id: PersonId, asked: NewRole) -> OnePerson:
        """Give somebody another role."""
        async with self.desk.needs.db.platform() as session:
            by, place = await _from(session, caller)
            await colleagues.change_role(session, by, place, person_id, Role(asked.role))
            return _one(await colleagues.get(session, place, person_id))

    async def removed(self, caller: Steward, person_id: PersonId) -> Response:
        """Take somebody's role away, at once."""
        async with self.desk.needs.db.platform() as session:
            by, place = await _from(session, caller)
            await colleagues.remove(session, by, place, person_id)
        return Response(status_code=204)

    async def deeds(self, caller: Steward, asked: Asked) -> Deeds:
        """List what was done, newest first."""
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            return await asked.found(session)


async def _from(session: AsyncSession, caller: Caller) -> tuple[By, Place]:
    """Who asks, as the owner who made the key, and the business."""
    tenant = await session.get_one(Tenant, caller.tenant_id)
    return By.owner(Actor(f"api:{caller.id}"), tenant), Place(tenant=tenant)


def _one(each: colleagues.Colleague) -> OnePerson:
    person = each.person
    return OnePerson(
        id=person.id,
        login=person.login,
        name=person.name,
        role=each.grant.role,
        active=person.active,
        second_step=person.totp_at is not None,
        seen_at=person.seen_at,
    )
