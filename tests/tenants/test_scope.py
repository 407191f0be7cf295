"""No way of writing a statement shows another tenant's row."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import (
    Select,
    Table,
    column,
    delete,
    exists,
    func,
    insert,
    literal_column,
    select,
    table,
    union_all,
)
from sqlalchemy import text as raw  # noqa: TID251 - to see it refused
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from tenants.db import ScopeBroken, ScopeMissing, scope_of
from tenants.models import Agency, Contact, ContactIdentity, InboxRow, Tenant
from tests.tenants.conftest import Two

CORE: Table = Contact.__table__  # type: ignore[attr-defined]  # SQLModel hides it
IDENTITY: Table = ContactIdentity.__table__  # type: ignore[attr-defined]  # as above
other_name = aliased(Contact)
inner = select(Contact).subquery()
core_inner = select(CORE).subquery()
cte = select(col(Contact.id)).cte()
lateral = select(col(ContactIdentity.id)).where(col(ContactIdentity.contact_id) == col(Contact.id))

COUNTS: dict[str, Select[Any]] = {
    "count of everything": select(func.count()).select_from(Contact),
    "count of a column": select(func.count(col(Contact.id))),
    "count of a core table": select(func.count()).select_from(CORE),
    "count of a table by name": select(func.count()).select_from(table("contact", column("id"))),
    "count of an alias": select(func.count()).select_from(other_name),
    "count of a core alias": select(func.count()).select_from(CORE.alias("c2")),
    "count of a subquery": select(func.count()).select_from(inner),
    "count of a core subquery": select(func.count()).select_from(core_inner),
    "count of a CTE": select(func.count()).select_from(cte),
    "count of an entity over a subquery": select(func.count()).select_from(aliased(Contact, core_inner)),
    "count of a union": select(func.count()).select_from(
        union_all(select(col(Contact.id)), select(CORE.c.id).where(CORE.c.id.is_(None))).subquery()
    ),
    "scalar subquery": select(select(func.count()).select_from(Contact).scalar_subquery()),
    "core scalar subquery": select(select(func.count()).select_from(CORE).scalar_subquery()),
    "inner join": select(func.count()).select_from(Contact).join(ContactIdentity),
    "inner join with a core table": select(func.count()).select_from(CORE.join(IDENTITY)),
    "join with any row": select(func.count(col(other_name.id))).select_from(
        select(func.count().label("one"))
        .select_from(Tenant)
        .subquery()
        .join(other_name, col(other_name.id).is_not(None))
    ),
    "outer join": select(func.count(col(Contact.id)))
    .select_from(Tenant)
    .outerjoin(Contact, col(Contact.id).is_not(None)),
    "outer join of core tables": select(func.count(CORE.c.id)).select_from(
        IDENTITY.outerjoin(CORE, CORE.c.id.is_not(None))
    ),
    "exists": select(func.count()).select_from(Tenant).where(exists().where(col(Contact.name) == "foreign")),
    "in": select(func.count()).select_from(Tenant).where(col(Tenant.slug).in_(select(col(Contact.name)))),
    "other tenants": select(func.count()).select_from(Tenant),
}


@pytest.mark.parametrize("name", COUNTS)
async def test_a_statement_counts_own_rows_only(two: Two, name: str) -> None:
    none_own = {"exists": 0, "in": 1}
    async with two.db.tenant(two.own.id) as session:
        assert await session.scalar(COUNTS[name]) == none_own.get(name, 1)
    async with two.db.platform() as session:
        everything = await session.scalar(COUNTS[name])
    assert everything >= 2, "the same statement reaches both tenants when it is not scoped"


async def test_rows_entities_and_correlated_subqueries_are_own(two: Two) -> None:
    correlated = select(col(other_name.name)).where(
        lateral.correlate(Contact).exists(), col(Contact.id) == col(other_name.id)
    )
    async with two.db.tenant(two.own.id) as session:
        assert [contact.name for contact in await session.scalars(select(Contact))] == ["own"]
        assert (await session.scalars(correlated)).all() == ["own"]
        assert (await session.scalars(select(Contact).from_statement(select(Contact)))).all() == [
            await session.get(Contact, two.own_contact.id)
        ]


async def test_an_outer_join_keeps_its_left_rows(two: Two) -> None:
    nobody = select(col(Tenant.slug), col(Contact.id)).outerjoin(Contact, col(Contact.name) == "foreign")
    async with two.db.tenant(two.own.id) as session:
        rows: list[Any] = list(await session.execute(nobody))
    assert rows == [("own", None)]


async def test_a_connection_taken_from_the_session_is_scoped_too(two: Two) -> None:
    async with two.db.tenant(two.own.id) as session:
        connection = await session.connection()
        assert (await connection.execute(select(CORE.c.name))).all() == [("own",)]


async def test_get_of_a_foreign_row_is_none(two: Two) -> None:
    async with two.db.tenant(two.own.id) as session:
        assert await session.get(Contact, two.foreign_contact.id) is None
        assert await session.get(Contact, two.foreign_contact.id, with_for_update=True) is None
        assert await session.get(Tenant, two.foreign.id) is None
        assert (await session.get_one(Contact, two.own_contact.id)).name == "own"


@pytest.mark.parametrize(
    "statement",
    [
        raw("SELECT 1"),
        select(Contact).where(raw("1 = 1")),
        select(Contact).from_statement(raw("SELECT * FROM contact")),
        select(literal_column("(SELECT count(*) FROM contact)")),
        select(Agency),
        select(InboxRow),
        insert(Agency).values(slug="x", name="x"),
        delete(Agency),
    ],
    ids=str,
)
async def test_what_cannot_be_scoped_is_refused(two: Two, statement: Any) -> None:
    with pytest.raises(ScopeBroken):
        async with two.db.tenant(two.own.id) as session:
            await session.execute(statement)


async def test_raw_sql_on_the_connection_is_refused(two: Two) -> None:
    with pytest.raises(ScopeBroken):
        async with two.db.tenant(two.own.id) as session:
            await (await session.connection()).exec_driver_sql("SELECT count(*) FROM contact")


async def test_a_session_without_scope_is_refused(two: Two) -> None:
    async with AsyncSession(two.db.engine) as session:
        with pytest.raises(ScopeMissing):
            await session.scalar(select(func.count()).select_from(Contact))
        session.add(Contact(tenant_id=two.own.id))
        with pytest.raises(ScopeMissing):
            await session.flush()
    with pytest.raises(ScopeMissing):
        async with two.db.tenant(""):
            pass


async def test_sessions_of_two_tenants_interleave(two: Two) -> None:
    names = select(col(Contact.name))
    async with two.db.tenant(two.own.id, reads=True) as mine, two.db.tenant(two.foreign.id, reads=True) as theirs:
        first, second = await mine.scalar(names), await theirs.scalar(names)
        again = await mine.scalar(names)
    assert (first, second, again) == ("own", "foreign", "own")


async def test_the_session_knows_its_scope(two: Two) -> None:
    async with two.db.tenant(two.own.id) as session:
        assert scope_of(session) == two.own.id
    async with two.db.platform() as session:
        with pytest.raises(ScopeMissing):
            scope_of(session)
