"""Two tenants that must not see each other."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tenants.db import Database
from tenants.models import Contact, ContactIdentity, Tenant
from tests.conftest import Floor
from tests.factories import make_contact, make_tenant


@dataclass
class Two:
    """Two tenants with one contact each, which has one identity."""

    db: Database
    own: Tenant
    foreign: Tenant
    own_contact: Contact
    foreign_contact: Contact


@pytest.fixture
async def two(database: Floor) -> Two:
    tenants = [await make_tenant(database.db, slug=slug) for slug in ("own", "foreign")]
    contacts = [await make_contact(database.db, tenant, name=tenant.slug) for tenant in tenants]
    for contact in contacts:
        async with database.db.platform() as session:
            session.add(ContactIdentity(tenant_id=contact.tenant_id, contact_id=contact.id, kind="k", value="1"))
    return Two(database.db, tenants[0], tenants[1], contacts[0], contacts[1])
