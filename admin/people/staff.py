"""Colleagues of a business, of an agency, and of the platform: invited, given other roles, removed, switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from admin.people.faults import faults
from admin.people.roles import ROLES, choices
from core_pipeline.telling import status_of
from errors import Impossible
from tenants.people import colleagues, invites
from tenants.people.places import By, Place
from tenants.people.roles import Role

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncSession
    from starlette.responses import Response

    from admin.frame.visit import Visit


async def page(visit: Visit) -> Response:
    """Who works here, and who is invited."""
    return await _drawn(visit)


async def invite(visit: Visit) -> Response:
    """Make a link for somebody new; it is shown this once."""
    fields = await visit.fields()
    try:
        role = _role(fields.get("role", ""))
        async with visit.rooms.floor.db.platform() as session:
            token = await invites.make(session, _by(visit), place_of(visit), role, fields.get("name", ""))
    except Impossible as error:
        return await _drawn(visit, error)
    return _shown(visit, token, fields.get("name", ""), visit._(ROLES[role][0]))


async def new_password(visit: Visit) -> Response:
    """Make a link with which a colleague chooses a new password; it is shown this once."""
    person_id = _id(visit, "person")
    try:
        async with visit.rooms.floor.db.platform() as session:
            token = await invites.for_password(session, _by(visit), place_of(visit), person_id)
            found = await colleagues.get(session, place_of(visit), person_id)
    except Impossible as error:
        return await _drawn(visit, error)
    return _shown(visit, token, found.person.name)


async def withdraw(visit: Visit) -> Response:
    """Make an invitation void."""

    async def work(session: AsyncSession) -> None:
        await invites.withdraw(session, _by(visit), place_of(visit), _id(visit, "invite"))

    return await _done(visit, work, "The invitation is withdrawn.")


async def role(visit: Visit) -> Response:
    """Give a colleague another role."""
    wanted = (await visit.fields()).get("role", "")

    async def work(session: AsyncSession) -> None:
        await colleagues.change_role(session, _by(visit), place_of(visit), _id(visit, "person"), _role(wanted))

    return await _done(visit, work, "Saved.")


async def remove(visit: Visit) -> Response:
    """Take a colleague's role here away."""

    async def work(session: AsyncSession) -> None:
        await colleagues.remove(session, _by(visit), place_of(visit), _id(visit, "person"))

    return await _done(visit, work, "Removed.")


async def switch(visit: Visit) -> Response:
    """Let a colleague in again, or no more."""
    active = (await visit.fields()).get("active") == "yes"

    async def work(session: AsyncSession) -> None:
        await colleagues.switch(session, _by(visit), place_of(visit), _id(visit, "person"), active=active)

    return await _done(visit, work, "Saved.")


def place_of(visit: Visit) -> Place:
    """The tenant or agency that the address is about, or the platform."""
    return Place(visit.tenant, visit.agency)


def base_of(visit: Visit) -> str:
    """The beginning of the place's addresses."""
    if visit.tenant is not None:
        return visit.here
    return f"/admin/agency/{visit.agency.slug}" if visit.agency is not None else "/admin/platform"


async def _done(visit: Visit, work: Callable[[AsyncSession], Awaitable[None]], said: str) -> Response:
    try:
        async with visit.rooms.floor.db.platform() as session:
            await work(session)
    except Impossible as error:
        return await _drawn(visit, error)
    # Who gave away their own role may have nothing to see here any more.
    own = visit.request.path_params.get("person") == visit.who.person.id
    return visit.go("/admin/" if own else f"{base_of(visit)}/people", said)


async def _drawn(visit: Visit, error: Impossible | None = None) -> Response:
    if error is not None and status_of(error) == 404:
        raise error
    place, reach = place_of(visit), visit.who.reach
    async with visit.rooms.floor.db.platform(reads=True) as session:
        people = await colleagues.listing(session, place)
        waiting = await invites.pending(session, place)
    grantable = place.grantable(reach)
    return visit.page(
        "people/staff.html",
        status=200 if error is None else status_of(error),
        base=base_of(visit),
        people=people,
        invited=[(one, visit._(ROLES[one.role][0])) for one in waiting],
        roles=choices(visit, grantable),
        grantable=set(grantable),
        about=[(visit._(ROLES[one][0]), visit._(ROLES[one][1])) for one in place.roles],
        names={name: visit._(words[0]) for name, words in ROLES.items()},
        errors=faults(visit, error) if error is not None else {},
    )


def _id(visit: Visit, name: str) -> str:
    """An id in the address; Postgres takes no NUL, not even to look for it."""
    return visit.path(name).replace("\0", "")


def _by(visit: Visit) -> By:
    return By(visit.actor, visit.who.reach)


def _shown(visit: Visit, token: str, who: str, role: str = "") -> Response:
    """Show a link, this once; without a role it is for a new password."""
    link, back = f"{visit.rooms.address}{invites.PATH}{token}", f"{base_of(visit)}/people"
    return visit.page("people/link.html", status=201, link=link, back=back, who=who, role=role)


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise Impossible("role-above", "there is no such role") from None
