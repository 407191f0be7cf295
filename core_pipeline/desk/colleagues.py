"""Who serves a business's customers: the people whose roles let them, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from tenants.models import AccessGrant, Person, Tenant
from tenants.people.roles import May, Role, allows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tenants.db import Database

_ABLE = tuple(role.value for role in Role if allows(role, May.ANSWER))


async def able(db: Database, tenant_id: str) -> dict[str, str]:
    """The names of everybody who may answer this tenant's customers, by id: its own people and its agency's."""
    async with db.platform(reads=True) as session:
        agency = (await session.get_one(Tenant, tenant_id)).agency_id
        theirs = (col(AccessGrant.tenant_id) == tenant_id) | (col(AccessGrant.agency_id) == agency)
        asked = (
            select(col(Person.id), col(Person.name))
            .join(AccessGrant, col(AccessGrant.person_id) == col(Person.id))
            .where(theirs, col(AccessGrant.role).in_(_ABLE), col(Person.active))
            .order_by(col(Person.name))
        )
        return {person: name for person, name in await session.execute(asked)}  # noqa: C416 - rows are no pairs to mypy


async def names(db: Database, ids: Iterable[str | None]) -> dict[str, str]:
    """What these who wrote or answer are called; who is no person (a key) goes by what it is noted as."""
    wanted = {one for one in ids if one}
    if not wanted:
        return {}
    async with db.platform(reads=True) as session:
        rows = await session.execute(select(col(Person.id), col(Person.name)).where(col(Person.id).in_(wanted)))
        return {one: one for one in wanted} | {person: name for person, name in rows}  # noqa: C416 - as above
