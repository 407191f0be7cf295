"""Puts the demo business into a fresh database."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from tenants.db import Database
from tenants.demo import DemoTenant
from tenants.models import Agency, Entry, Tenant
from tenants.policy import Policy

AGENCY = "demo"


async def seed(db: Database, demo: DemoTenant) -> bool:
    """Create the demo's agency, tenant and entries in one commit; False if the tenant was there already."""
    try:
        async with db.platform() as session:
            if await session.scalar(select(col(Tenant.id)).where(col(Tenant.slug) == demo.slug)) is not None:
                return False
            await _create(session, demo)
    except IntegrityError:
        # Another process seeded the same database between our look and our commit.
        return False
    return True


async def _create(session: AsyncSession, demo: DemoTenant) -> None:
    agency = await session.scalar(select(Agency).where(col(Agency.slug) == AGENCY))
    if agency is None:
        agency = Agency(slug=AGENCY, name="Demo")
        session.add(agency)
        await session.flush()
    phrases = {name: dict(said) for name, said in demo.phrases.items()}
    policy = Policy.model_validate({"language": demo.language, "phrases": phrases, "try_page": True})
    tenant = Tenant(
        agency_id=agency.id,
        slug=demo.slug,
        name_ar=demo.name_ar,
        name_en=demo.name_en,
        policy=policy.model_dump(mode="json", exclude_unset=True),
    )
    session.add(tenant)
    await session.flush()
    session.add_all(
        Entry(
            tenant_id=tenant.id,
            fact=entry.fact,
            language=entry.language,
            question=entry.question,
            answer=entry.answer,
            alternatives=list(entry.alternatives),
        )
        for entry in demo.entries
    )
