"""One person is one contact, however the network names them, even when they arrive twice at once."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from tenants.contacts import resolve
from tenants.db import ScopeMissing
from tenants.models import Contact, ContactIdentity, Conversation, Tenant
from tests.conftest import Floor
from tests.factories import make_account, make_conversation, make_tenant

PHONE = ("whatsapp_phone", "201001234567")
BSUID = ("whatsapp_bsuid", "EG.1")
TELEGRAM = ("telegram_id", "7")


async def seen(floor: Floor, tenant: Tenant, *identities: tuple[str, str], name: str | None = None) -> str:
    async with floor.db.tenant(tenant.id) as session:
        return (await resolve(session, identities, name, None)).id


async def test_a_phone_then_both_then_the_bsuid_alone_are_one_person(database: Floor) -> None:
    tenant = await make_tenant(database.db)
    first = await seen(database, tenant, PHONE, name="Customer")
    both = await seen(database, tenant, PHONE, BSUID)
    alone = await seen(database, tenant, BSUID)
    assert first == both == alone
    async with database.db.tenant(tenant.id) as session:
        known = (await session.scalars(select(ContactIdentity))).all()
        assert sorted((one.kind, one.value) for one in known) == [BSUID, PHONE]
        assert (await session.get_one(Contact, first)).name == "Customer"


async def test_two_contacts_that_prove_to_be_one_are_merged_into_the_older(database: Floor) -> None:
    tenant = await make_tenant(database.db)
    older = await seen(database, tenant, PHONE)
    newer = await seen(database, tenant, BSUID, TELEGRAM, name="Customer")
    account = await make_account(database.db, tenant)
    for contact_id in (older, newer):
        await make_conversation(database.db, account, contact_id=contact_id)
    assert older != newer
    assert await seen(database, tenant, PHONE, BSUID) == older
    assert await seen(database, tenant, TELEGRAM) == older
    async with database.db.tenant(tenant.id) as session:
        assert [(one.id, one.name) for one in await session.scalars(select(Contact))] == [(older, "Customer")]
        assert (await session.scalars(select(col(Conversation.contact_id)))).all() == [older, older]
        assert await session.scalar(select(func.count()).select_from(ContactIdentity)) == 3


async def test_three_contacts_become_one(database: Floor) -> None:
    tenant = await make_tenant(database.db)
    ids = [await seen(database, tenant, identity) for identity in (PHONE, BSUID, TELEGRAM)]
    assert await seen(database, tenant, TELEGRAM, BSUID, PHONE) == ids[0]
    async with database.db.tenant(tenant.id) as session:
        assert await session.scalar(select(func.count()).select_from(Contact)) == 1


async def test_tenants_do_not_share_customers(database: Floor) -> None:
    one, other = await make_tenant(database.db), await make_tenant(database.db)
    assert await seen(database, one, PHONE) != await seen(database, other, PHONE)
    assert await seen(database, one, PHONE, BSUID) != await seen(database, other, BSUID)


async def test_a_new_name_replaces_and_a_language_fills_a_gap(database: Floor) -> None:
    tenant = await make_tenant(database.db)
    async with database.db.tenant(tenant.id) as session:
        contact = await resolve(session, [PHONE], "Old", "ar")
        contact = await resolve(session, [PHONE], None, None)
        assert (contact.name, contact.language) == ("Old", "ar")
        contact = await resolve(session, [PHONE, PHONE], "New", "en")
    assert (contact.name, contact.language) == ("New", "ar")


async def test_the_same_customer_arriving_at_once_is_one_contact(database: Floor) -> None:
    tenant = await make_tenant(database.db)
    pairs = [(PHONE,), (PHONE, BSUID), (BSUID, PHONE), (BSUID, PHONE, TELEGRAM), (PHONE, TELEGRAM)] * 3
    await asyncio.gather(*(seen(database, tenant, *identities) for identities in pairs))
    async with database.db.tenant(tenant.id) as session:
        assert await session.scalar(select(func.count()).select_from(Contact)) == 1
        assert await session.scalar(select(func.count()).select_from(ContactIdentity)) == 3


async def test_resolving_needs_a_tenants_session(database: Floor) -> None:
    with pytest.raises(ScopeMissing):
        async with database.db.platform() as session:
            await resolve(session, [PHONE], None, None)
