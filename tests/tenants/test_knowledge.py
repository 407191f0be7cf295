"""A tenant's knowledge: own entries only, and a version that rises with every change."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from errors import Impossible
from tenants import knowledge
from tenants.db import ScopeMissing
from tenants.demo import load
from tenants.models import Agency, Entry, Tenant
from tenants.policy import Policy
from tenants.seed import seed
from tests.conftest import Floor
from tests.factories import make_entry, make_tenant


async def test_every_change_raises_the_version(database: Floor) -> None:
    tenant, other = await make_tenant(database.db), await make_tenant(database.db)
    versions = []
    async with database.db.tenant(tenant.id) as session:
        versions.append(await knowledge.version(session))
        entry = await knowledge.add(session, "hours", "en", "When?", "At nine.", ["Open when?"])
        versions.append(await knowledge.version(session))
        await knowledge.replace(session, entry.id, question="When do you open?", answer="At ten.")
        versions.append(await knowledge.version(session))
        assert [(one.answer, one.alternatives) for one in await knowledge.entries(session)] == [("At ten.", [])]
        await knowledge.remove(session, entry.id)
        versions.append(await knowledge.version(session))
        assert await knowledge.entries(session) == []
    assert versions == [1, 2, 3, 4]
    async with database.db.tenant(other.id) as session:
        assert await knowledge.version(session) == 1


async def test_entries_are_own_and_ordered(database: Floor) -> None:
    tenant, other = await make_tenant(database.db), await make_tenant(database.db)
    for fact, language in (("b", "en"), ("a", "en"), ("a", "ar")):
        await make_entry(database.db, tenant, fact=fact, language=language)
    foreign = await make_entry(database.db, other)
    async with database.db.tenant(tenant.id) as session:
        assert [(one.fact, one.language) for one in await knowledge.entries(session)] == [
            ("a", "ar"),
            ("a", "en"),
            ("b", "en"),
        ]
        with pytest.raises(Impossible, match="entry-missing"):
            await knowledge.replace(session, foreign.id, question="", answer="")
        with pytest.raises(Impossible, match="entry-missing"):
            await knowledge.remove(session, foreign.id)
        with pytest.raises(Impossible, match="entry-exists"):
            await knowledge.add(session, "a", "ar", "", "")
        assert await knowledge.version(session) == 1


async def test_knowledge_needs_a_tenants_session(database: Floor) -> None:
    with pytest.raises(ScopeMissing):
        async with database.db.platform() as session:
            await knowledge.version(session)


async def test_the_demo_is_seeded_once(database: Floor) -> None:
    demo = load()
    assert sorted(await asyncio.gather(*(seed(database.db, demo) for _ in range(3)))) == [False, False, True]
    assert await seed(database.db, demo) is False
    async with database.db.platform() as session:
        tenant = (await session.scalars(select(Tenant))).one()
        assert await session.scalar(select(func.count()).select_from(Agency)) == 1
        stored = (await session.scalars(select(Entry).where(col(Entry.tenant_id) == tenant.id))).all()
    assert (tenant.slug, tenant.name_ar, tenant.name_en) == (demo.slug, demo.name_ar, demo.name_en)
    assert {(one.fact, one.language, one.answer) for one in stored} == {
        (one.fact, one.language, one.answer) for one in demo.entries
    }
    policy = Policy.model_validate(tenant.policy)
    assert policy.phrases["greeting"]["ar"] == demo.phrases["greeting"]["ar"]
    assert policy.burst_seconds == Policy().burst_seconds
