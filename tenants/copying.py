"""Copies a tenant's set-up, without its customers, into another database: for rehearsals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from errors import Impossible
from tenants.models import Agency, Entry, Tenant

if TYPE_CHECKING:
    from tenants.db import Database


async def copy_tenant(source: Database, target: Database, slug: str) -> str:
    """Copy agency, tenant and knowledge; return the tenant's id, `Impossible` when there is no such tenant."""
    async with source.platform(reads=True) as session:
        tenant = await session.scalar(select(Tenant).where(col(Tenant.slug) == slug))
        if tenant is None:
            raise Impossible("no-such-tenant", f"there is no tenant {slug!r}; list them with `cli.py tenants list`")
        agency = await session.get_one(Agency, tenant.agency_id)
        entries = (await session.scalars(select(Entry).where(col(Entry.tenant_id) == tenant.id))).all()
        rows = [type(row)(**row.model_dump()) for row in (agency, tenant, *entries)]
    async with target.platform() as session:
        for row in rows:
            session.add(row)
            await session.flush()
    return tenant.id
