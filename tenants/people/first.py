"""The first administrator: a link for whoever starts the platform, until somebody has used one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlmodel import col

from tenants.audit import Actor
from tenants.models import AccessGrant, Invite, Person
from tenants.people import invites
from tenants.people.places import By, Place
from tenants.people.roles import Role

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from tenants.db import Database

STARTING = "first start"


async def first_link(db: Database, address: str) -> str | None:
    """A link that makes its bearer platform administrator; None once there is one. The last start's link is void."""
    async with db.platform() as session:
        if await _administered(session):
            return None
        mine = col(Invite.created_by) == STARTING, col(Invite.used_at).is_(None)
        await session.execute(delete(Invite).where(*mine))
        token = await invites.make(session, By.operator(Actor(STARTING)), Place(), Role.PLATFORM_ADMIN)
    return f"{address}{invites.PATH}{token}"


async def _administered(session: AsyncSession) -> bool:
    asked = select(col(Person.id)).join(AccessGrant, col(AccessGrant.person_id) == col(Person.id))
    here = Place().here(AccessGrant)
    admin = col(AccessGrant.role) == Role.PLATFORM_ADMIN.value, col(Person.active)
    return await session.scalar(asked.where(*here, *admin).limit(1)) is not None
