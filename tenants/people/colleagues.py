"""Who works where: roles given, changed and taken, people switched off; functions on the platform's session.

A place is never left without an owner, nor the platform without an administrator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select
from sqlmodel import col

from errors import Impossible
from tenants import audit
from tenants.models import AccessGrant, Agency, Invite, Person, Tenant
from tenants.people import signed_in
from tenants.people.places import By, Place
from tenants.people.roles import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

KEPT = (Role.OWNER, Role.PLATFORM_ADMIN)


@dataclass(frozen=True)
class Colleague:
    """Somebody with a role at a place."""

    person: Person
    grant: AccessGrant

    @property
    def role(self) -> Role:
        """Their role here."""
        return Role(self.grant.role)


async def listing(session: AsyncSession, place: Place) -> list[Colleague]:
    """Everybody with a role of this very place, most powerful first, then by name."""
    asked = select(Person, AccessGrant).join(AccessGrant, col(AccessGrant.person_id) == col(Person.id))
    rows = (await session.execute(asked.where(*place.here(AccessGrant)))).all()
    found = [Colleague(person, grant) for person, grant in rows]
    return sorted(found, key=lambda one: (one.role.rank, one.person.name.casefold(), one.person.id))


async def get(session: AsyncSession, place: Place, person_id: str) -> Colleague:
    """Somebody with a role of this very place; `Impossible("person-missing")` for anybody else."""
    asked = select(Person, AccessGrant).join(AccessGrant, col(AccessGrant.person_id) == col(Person.id))
    row = (await session.execute(asked.where(*place.here(AccessGrant), col(Person.id) == person_id))).first()
    if row is None:
        raise Impossible("person-missing", "list the people here: this is none of them")
    return Colleague(row[0], row[1])


async def change_role(session: AsyncSession, by: By, place: Place, person_id: str, role: Role) -> None:
    """Give somebody another role; `Impossible`: "role-above", "last-owner", "person-missing"."""
    await _hold(session, place)
    found = await get(session, place, person_id)
    place.check(by, found.grant.role, role)
    if found.role in KEPT and role is not found.role:
        await _not_the_last(session, place, person_id)
    before, found.grant.role = found.grant.role, role.value
    await _forget_invites(session, place, person_id)
    _noted(session, by, place, "people.role", found.person, {"role": before}, {"role": role.value})


async def remove(session: AsyncSession, by: By, place: Place, person_id: str) -> None:
    """Take somebody's role away, and the invitations that they made here; `Impossible` as `change_role`."""
    await _hold(session, place)
    found = await get(session, place, person_id)
    place.check(by, found.grant.role)
    if found.role in KEPT:
        await _not_the_last(session, place, person_id)
    await session.delete(found.grant)
    await _forget_invites(session, place, person_id)
    _noted(session, by, place, "people.remove", found.person, {"role": found.grant.role}, None)


async def switch(session: AsyncSession, by: By, place: Place, person_id: str, *, active: bool) -> None:
    """Let somebody in again, or no more, anywhere: their sign-ins and the links that they made end at once.

    Raises `Impossible`: "person-elsewhere" for who also works where the other has no say, "last-owner",
    "person-missing", "person-self".
    """
    await switch_anybody(session, by, place, (await get(session, place, person_id)).person, active=active)


async def switch_anybody(session: AsyncSession, by: By, place: Place, person: Person, *, active: bool) -> None:
    """The same for whoever it is; the deed is noted at `place`."""
    person_id = person.id
    if person_id == by.actor.person_id:
        raise Impossible("person-self", "nobody switches themselves off")
    everywhere = await _everywhere(session, person_id)
    _check_all(by, everywhere)
    if not active:
        for each, role in everywhere:
            if role in KEPT:
                await _hold(session, each)
                await _not_the_last(session, each, person_id)
        await signed_in.end_all(session, person_id)
        mine = col(Invite.created_by) == person_id, col(Invite.used_at).is_(None)
        await session.execute(delete(Invite).where(*mine))
    before, person.active = person.active, active
    _noted(session, by, place, "people.switch", person, {"active": before}, {"active": active})


async def check_reach(session: AsyncSession, by: By, person_id: str) -> None:
    """Refuse whoever has no say over all that a person may: who takes over their sign-in takes over all of it.

    Raises `Impossible("person-elsewhere")`.
    """
    _check_all(by, await _everywhere(session, person_id))


def _check_all(by: By, everywhere: Sequence[tuple[Place, Role]]) -> None:
    if not all(role in place.grantable(by.reach) for place, role in everywhere):
        raise Impossible("person-elsewhere", "they also work where you have no say: ask who looks after both")


async def _everywhere(session: AsyncSession, person_id: str) -> list[tuple[Place, Role]]:
    grants = (await session.scalars(select(AccessGrant).where(col(AccessGrant.person_id) == person_id))).all()
    found = []
    for grant in grants:
        tenant = await session.get_one(Tenant, grant.tenant_id) if grant.tenant_id else None
        agency = await session.get_one(Agency, grant.agency_id) if grant.agency_id else None
        found.append((Place(tenant, agency), Role(grant.role)))
    return found


async def _hold(session: AsyncSession, place: Place) -> None:
    """Keep others from changing the most powerful here until this unit ends, so that two can't remove each other."""
    kept = col(AccessGrant.role).in_([role.value for role in KEPT])
    asked = select(col(AccessGrant.id)).where(*place.here(AccessGrant), kept).order_by(col(AccessGrant.id))
    await session.execute(asked.with_for_update())


async def _not_the_last(session: AsyncSession, place: Place, person_id: str) -> None:
    asked = select(func.count()).select_from(AccessGrant).join(Person, col(Person.id) == col(AccessGrant.person_id))
    others = col(Person.active), col(Person.id) != person_id, col(AccessGrant.role).in_([role.value for role in KEPT])
    if not await session.scalar(asked.where(*place.here(AccessGrant), *others)):
        raise Impossible("last-owner", "make somebody else owner first: a place is never left without")


async def _forget_invites(session: AsyncSession, place: Place, person_id: str) -> None:
    mine = col(Invite.created_by) == person_id, col(Invite.used_at).is_(None)
    await session.execute(delete(Invite).where(*place.here(Invite), *mine))


def _noted(
    session: AsyncSession,
    by: By,
    place: Place,
    action: str,
    person: Person,
    before: dict[str, object],
    after: dict[str, object] | None,
) -> None:
    audit.record(session, by.actor, action, person.login, before=before, after=after, **place.ids)
