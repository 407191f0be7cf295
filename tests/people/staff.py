"""People for tests: an agency with two businesses, a foreign one, and whoever a test hires."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlmodel import col

from tenants.audit import Actor
from tenants.db import Database
from tenants.models import AccessGrant, Agency, AuditEntry, Person, SignIn, Tenant
from tenants.people import passwords, signed_in
from tenants.people.entering import Browser
from tenants.people.places import By, Place
from tenants.people.roles import Reach, Role
from tests.factories import make_tenant

PASSWORD = "قهوة بالهيل صباحا 7"
HERE = Browser("192.0.2.7", "Test browser")


@dataclass
class Staff:
    """`shop` and `cafe` are of `agency`, `foreign` is not."""

    db: Database
    agency: Agency
    shop: Tenant
    cafe: Tenant
    foreign: Tenant

    @property
    def place(self) -> Place:
        return Place(tenant=self.shop)

    async def hire(self, role: Role, tenant: Tenant | None = None, **fields: Any) -> Person:
        """Somebody with this role: of the shop unless another tenant is named, of the agency, or of the platform."""
        person = Person(**{"login": f"{role}-{uuid4().hex[:6]}", "name": f"Test {role}", **fields})
        async with self.db.platform() as session:
            session.add(person)
            await session.flush()
        await self.grant(person, role, tenant)
        return person

    async def grant(self, person: Person, role: Role, tenant: Tenant | None = None) -> None:
        grant = AccessGrant(person_id=person.id, role=role.value)
        if role is Role.AGENCY_ADMIN:
            grant.agency_id = self.agency.id
        elif role is not Role.PLATFORM_ADMIN:
            grant.tenant_id = (tenant or self.shop).id
        async with self.db.platform() as session:
            session.add(grant)

    async def with_password(self, role: Role = Role.OWNER, **fields: Any) -> Person:
        return await self.hire(role, password=await passwords.hashed(PASSWORD), **fields)

    async def by(self, person: Person) -> By:
        async with self.db.platform(reads=True) as session:
            grants = await session.scalars(select(AccessGrant).where(col(AccessGrant.person_id) == person.id))
            return By(Actor(person.name, person.id), Reach.of(grants))

    async def roles(self, person: Person) -> list[str]:
        async with self.db.platform(reads=True) as session:
            asked = select(col(AccessGrant.role)).where(col(AccessGrant.person_id) == person.id)
            return sorted((await session.scalars(asked)).all())

    async def sign_in(self, person: Person) -> str:
        async with self.db.platform() as session:
            return await signed_in.begin(session, person.id, whole=True)

    async def browsers(self, person: Person) -> int:
        async with self.db.platform(reads=True) as session:
            return len((await session.scalars(select(SignIn).where(col(SignIn.person_id) == person.id))).all())

    async def deeds(self) -> list[AuditEntry]:
        async with self.db.platform(reads=True) as session:
            return list((await session.scalars(select(AuditEntry).order_by(col(AuditEntry.id)))).all())


async def hired(db: Database) -> Staff:
    """A fresh staff."""
    shop, foreign = await make_tenant(db), await make_tenant(db)
    async with db.platform() as session:
        agency = await session.get_one(Agency, shop.agency_id)
        cafe = Tenant(agency_id=agency.id, slug=f"cafe-{uuid4().hex[:6]}", name_ar="مقهى", name_en="Cafe")
        session.add(cafe)
    return Staff(db, agency, shop, cafe, foreign)
