"""Lists and adds tenants and accounts for the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlmodel import col

from errors import Impossible
from tenants.models import Agency, ChannelAccount, Tenant

if TYPE_CHECKING:
    from tenants.db import Database

HOUSE_AGENCY = "house"


async def id_of(db: Database, slug: str) -> str:
    """The id of the tenant of this short name; `Impossible` when there is none."""
    async with db.platform(reads=True) as session:
        found = await session.scalar(select(col(Tenant.id)).where(col(Tenant.slug) == slug))
    if found is None:
        raise Impossible("no-such-tenant", f"there is no tenant {slug!r}; list them with `cli.py tenants list`")
    return str(found)


async def listing(db: Database) -> list[dict[str, Any]]:
    """Every tenant by short name."""
    async with db.platform(reads=True) as session:
        rows = (await session.scalars(select(Tenant).order_by(col(Tenant.slug)))).all()
    return [{"slug": t.slug, "name_ar": t.name_ar, "name_en": t.name_en, "active": t.active} for t in rows]


async def add(db: Database, slug: str, name_ar: str, name_en: str) -> str:
    """Add a tenant under the house's own agency and return its id; `Impossible` when the name is taken."""
    async with db.platform() as session:
        if await session.scalar(select(Tenant).where(col(Tenant.slug) == slug)):
            raise Impossible("tenant-exists", f"there is a tenant {slug!r} already")
        agency = await session.scalar(select(Agency).where(col(Agency.slug) == HOUSE_AGENCY))
        if agency is None:
            agency = Agency(slug=HOUSE_AGENCY, name="Sawtak")
            session.add(agency)
            await session.flush()
        tenant = Tenant(agency_id=agency.id, slug=slug, name_ar=name_ar, name_en=name_en)
        session.add(tenant)
    return tenant.id


async def accounts(db: Database) -> list[dict[str, Any]]:
    """Every connected account, without its secrets."""
    query = select(ChannelAccount, col(Tenant.slug)).join(Tenant, col(Tenant.id) == col(ChannelAccount.tenant_id))
    async with db.platform(reads=True) as session:
        rows = (await session.execute(query)).all()
    return [
        {"id": a.id, "tenant": slug, "channel": a.channel, "external_id": a.external_id, "active": a.active}
        for a, slug in rows
    ]
