"""What an agency and the platform both have: people, an audit, and keys above a tenant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import Path
from pydantic import BaseModel
from starlette.responses import Response

from tenants import house_keys
from tenants.people import colleagues, invites
from webhooks.api import schemas
from webhooks.api.house.ground import IN_AGENCY, IN_PLATFORM, Here, lay
from webhooks.api.people import Asked, Deeds, Link

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tenants.models import HouseKey
    from webhooks.api.desk import Desk

RowId = Annotated[str, Path(pattern=schemas.ID)]
RoleName = Literal["platform-admin", "agency-admin"]


class Administrator(BaseModel):
    """Somebody who looks after the agency or the platform; `second_step`: they give a code besides their password."""

    id: str
    login: str
    name: str
    role: RoleName
    active: bool
    second_step: bool
    seen_at: datetime | None


class Invitation(BaseModel):
    """An invitation that nobody has used yet."""

    id: str
    name: str
    role: RoleName
    expires_at: datetime


class Administrators(BaseModel):
    """Everybody who looks after it, and who is invited."""

    people: list[Administrator]
    invites: list[Invitation]


class Inviting(schemas.Asking):
    """Who is invited: they become administrator here."""

    name: schemas.Name | None = None


class Switched(schemas.Asking):
    """Whether somebody is let in."""

    active: bool


class HouseKeyTold(BaseModel):
    """A key above a tenant without itself: `prefix` is its beginning."""

    id: str
    name: str
    prefix: str
    made_by: str
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


class HouseKeyMade(HouseKeyTold):
    """A fresh key; `key` is shown this once."""

    key: str


class HouseKeyAsked(schemas.Asking):
    """A new key."""

    name: schemas.Name


@dataclass(frozen=True)
class Places:
    """The routes that agencies and the platform have in common."""

    desk: Desk

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        for base in (IN_AGENCY, IN_PLATFORM):
            one = f"{base}/people/{{person_id}}"
            lay(app, "GET", f"{base}/people", self.people, response_model=Administrators)
            lay(app, "POST", f"{base}/people/invites", self.invited, response_model=Link, status_code=201)
            lay(app, "DELETE", f"{base}/people/invites/{{invite_id}}", self.withdrawn, status_code=204)
            lay(app, "PUT", one, self.switched, response_model=Administrator)
            lay(app, "DELETE", one, self.removed, status_code=204)
            lay(app, "POST", f"{one}/password", self.forgotten, response_model=Link, status_code=201)
            lay(app, "GET", f"{base}/audit", self.deeds, response_model=Deeds)
            lay(app, "GET", f"{base}/keys", self.keys, response_model=list[HouseKeyTold])
            lay(app, "POST", f"{base}/keys", self.key_made, response_model=HouseKeyMade, status_code=201)
            lay(app, "DELETE", f"{base}/keys/{{key_id}}", self.key_revoked, status_code=204)

    async def people(self, here: Here) -> Administrators:
        """List who looks after it, and who is invited."""
        async with self.desk.needs.db.platform(reads=True) as session:
            place = await here.place(session)
            found = await colleagues.listing(session, place)
            waiting = await invites.pending(session, place)
        open_ones = [Invitation.model_validate(one, from_attributes=True) for one in waiting]
        return Administrators(people=[_one(each) for each in found], invites=open_ones)

    async def invited(self, here: Here, asked: Inviting) -> Link:
        """Make a link for somebody new, who becomes administrator here; hand it over yourself."""
        async with self.desk.needs.db.platform() as session:
            place = await here.place(session)
            token = await invites.make(session, here.by, place, place.roles[0], asked.name or "")
        return self._link(token)

    async def withdrawn(self, here: Here, invite_id: RowId) -> Response:
        """Make an invitation void."""
        async with self.desk.needs.db.platform() as session:
            await invites.withdraw(session, here.by, await here.place(session), invite_id)
        return Response(status_code=204)

    async def switched(self, here: Here, person_id: RowId, asked: Switched) -> Administrator:
        """Let somebody in again, or no more, anywhere."""
        async with self.desk.needs.db.platform() as session:
            place = await here.place(session)
            await colleagues.switch(session, here.by, place, person_id, active=asked.active)
            return _one(await colleagues.get(session, place, person_id))

    async def removed(self, here: Here, person_id: RowId) -> Response:
        """Take somebody's role here away, at once."""
        async with self.desk.needs.db.platform() as session:
            await colleagues.remove(session, here.by, await here.place(session), person_id)
        return Response(status_code=204)

    async def forgotten(self, here: Here, person_id: RowId) -> Link:
        """Make a link with which somebody chooses a new password; those of before are void."""
        async with self.desk.needs.db.platform() as session:
            token = await invites.for_password(session, here.by, await here.place(session), person_id)
        return self._link(token)

    async def deeds(self, here: Here, asked: Asked) -> Deeds:
        """List what was done, newest first: of an agency with its businesses, or everywhere."""
        async with self.desk.needs.db.platform(reads=True) as session:
            return await asked.found(session, await here.agency_id(session) or "")

    async def keys(self, here: Here) -> list[HouseKeyTold]:
        """List keys like the one you use, newest first, revoked ones too."""
        async with self.desk.needs.db.platform(reads=True) as session:
            return [_key(row) for row in await house_keys.listing(session, await here.agency_id(session))]

    async def key_made(self, here: Here, asked: HouseKeyAsked) -> HouseKeyMade:
        """Make a key."""
        async with self.desk.needs.db.platform() as session:
            agency_id = await here.agency_id(session)
            key, row = await house_keys.make(session, here.by.actor, agency_id, asked.name)
        return HouseKeyMade(**_key(row).model_dump(), key=key)

    async def key_revoked(self, here: Here, key_id: RowId) -> Response:
        """Refuse a key from now on."""
        async with self.desk.needs.db.platform() as session:
            await house_keys.revoke(session, here.by.actor, await here.agency_id(session), key_id)
        return Response(status_code=204)

    def _link(self, token: str) -> Link:
        return Link(link=f"{self.desk.needs.address}{invites.PATH}{token}")


def _key(row: HouseKey) -> HouseKeyTold:
    return HouseKeyTold.model_validate(row, from_attributes=True)


def _one(each: colleagues.Colleague) -> Administrator:
    person = each.person
    return Administrator(
        id=person.id,
        login=person.login,
        name=person.name,
        role=each.grant.role,
        active=person.active,
        second_step=person.totp_at is not None,
        seen_at=person.seen_at,
    )
