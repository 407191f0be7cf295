"""Copies a tenant's set-up, without its customers, into another database: for rehearsals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from errors import Impossible
from tenants.models import Action, Agency, Chunk, Document, EngineAccount, Entry, Product, Tenant

if TYPE_CHECKING:
    from tenants.db import Database

# Documents before what was read in them; sealed secrets open under the same vault, since ids are copied as they are.
# Cloned voices and pictures stay: their owners agreed to this installation's use, and it keeps the record of it.
_SET_UP = (Document, Chunk, Entry, Product, Action, EngineAccount)


async def copy_tenant(source: Database, target: Database, slug: str) -> str:
    """Copy agency, tenant, knowledge (without blobs), actions and engines; return the tenant's id.

    `Impossible` when there is no such tenant.
    """
    async with source.platform(reads=True) as session:
        tenant = await session.scalar(select(Tenant).where(col(Tenant.slug) == slug))
        if tenant is None:
            raise Impossible("no-such-tenant", f"there is no tenant {slug!r}; list them with `cli.py tenants list`")
        agency = await session.get_one(Agency, tenant.agency_id)
        found = [agency, tenant]
        for table in _SET_UP:
            found += await session.scalars(select(table).where(col(table.tenant_id) == tenant.id))
        rows = [type(row)(**{name: getattr(row, name) for name in type(row).model_fields}) for row in found]
    async with target.platform() as session:
        for kind in dict.fromkeys(type(row) for row in rows):
            session.add_all(row for row in rows if type(row) is kind)
            await session.flush()
    return tenant.id
