"""No way of writing a statement shows, changes or makes another tenant's row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
    update,
)
from sqlalchemy import text as raw  # noqa: TID251 - to see it refused
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, make_transient_to_detached
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import col

from tenants.db import Database, ScopeBroken, ScopeMissing, scope_of
from tenants.models import Agency, Contact, ContactIdentity, InboxRow, Tenant, now
from tests.conftest import Floor
from tests.factories import make_contact, make_tenant

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


@pytest.mark.parametrize("changed", [Contact, CORE], ids=["entity", "core"])
async def test_updates_and_deletes_touch_own_rows_only(two: Two, changed: Any) -> None:
    async with two.db.tenant(two.own.id) as session:
        await session.execute(update(changed).values(language="ar"))
        await session.execute(update(changed).where(CORE.c.id == two.foreign_contact.id).values(name="stolen"))
        await session.execute(delete(IDENTITY))
    async with two.db.platform() as session:
        contacts = await session.execute(select(col(Contact.name), col(Contact.language)).order_by(col(Contact.name)))
        assert contacts.all() == [("foreign", None), ("own", "ar")]
        left = (await session.scalars(select(ContactIdentity))).all()
    assert [identity.tenant_id for identity in left] == [two.foreign.id]


async def test_update_from_reads_own_rows_only(two: Two) -> None:
    named = (
        update(Contact).values(name="seen").where(col(Tenant.slug) == "foreign", col(Tenant.name_en) != Contact.name)
    )
    async with two.db.tenant(two.own.id) as session:
        await session.execute(named, execution_options={"synchronize_session": False})
    async with two.db.platform() as session:
        assert await session.scalar(select(func.count()).where(col(Contact.name) == "seen")) == 0


async def test_new_objects_get_the_tenant(two: Two) -> None:
    async with two.db.tenant(two.own.id) as session:
        contact = Contact(name="new")  # type: ignore[call-arg]  # the session gives the tenant
        session.add(contact)
    assert contact.tenant_id == two.own.id


FOREIGN_WRITES: dict[str, Callable[[str], tuple[Any, ...]]] = {
    "insert of values": lambda t: (insert(Contact).values(tenant_id=t),),
    "insert of many values": lambda t: (insert(Contact).values([{"id": "1", "tenant_id": t}]),),
    "insert of many nameless values": lambda t: (insert(Contact).values([("1", t)]),),
    "insert of rows": lambda t: (insert(Contact), [{"id": "1", "tenant_id": t}]),
    "core insert of a row": lambda t: (insert(CORE), {"id": "1", "tenant_id": t}),
    "insert of an expression": lambda t: (insert(CORE).values(tenant_id=func.lower(t)),),
    "insert from select": lambda _: (
        insert(CORE).from_select(["id", "tenant_id"], select(CORE.c.id, CORE.c.tenant_id)),
    ),
    "update": lambda t: (update(Contact).values(tenant_id=t),),
    "ordered update": lambda t: (update(Contact).ordered_values(("tenant_id", t)),),
    "core update by row": lambda t: (update(CORE), {"tenant_id": t}),
}


@pytest.mark.parametrize("name", FOREIGN_WRITES)
async def test_statements_that_write_for_another_tenant_are_refused(two: Two, name: str) -> None:
    with pytest.raises(ScopeBroken):
        async with two.db.tenant(two.own.id) as session:
            await session.execute(*FOREIGN_WRITES[name](two.foreign.id))


async def test_own_rows_can_be_inserted_by_statement(two: Two) -> None:
    identity = {"tenant_id": two.own.id, "contact_id": two.own_contact.id, "kind": "k"}
    async with two.db.tenant(two.own.id) as session:
        await session.execute(insert(ContactIdentity).values(**identity, value="2"))
        await session.execute(insert(ContactIdentity), [{**identity, "value": "3"}, {**identity, "value": "4"}])
        await session.execute(insert(ContactIdentity).values([{**identity, "value": "5", "id": "5"}]))
        assert await session.scalar(select(func.count()).select_from(ContactIdentity)) == 5


async def test_upserts_may_ignore_but_not_overwrite(two: Two) -> None:
    async with two.db.tenant(two.own.id) as session:
        on_sqlite = session.get_bind().dialect.name == "sqlite"
        put: Any = (sqlite_insert if on_sqlite else postgres_insert)(CORE)
        clash = put.values(id=two.own_contact.id, tenant_id=two.own.id, name="again", created_at=now())
        await session.execute(clash.on_conflict_do_nothing())
        with pytest.raises(ScopeBroken):
            await session.execute(clash.on_conflict_do_update(index_elements=["id"], set_={"name": "again"}))
        assert (await session.scalars(select(col(Contact.name)))).all() == ["own"]


async def _add_foreign(session: AsyncSession, two: Two) -> None:
    session.add(Contact(tenant_id=two.foreign.id))


async def _give_away(session: AsyncSession, two: Two) -> None:
    (await session.get_one(Contact, two.own_contact.id)).tenant_id = two.foreign.id


async def _change_loaded_elsewhere(session: AsyncSession, two: Two) -> None:
    session.add(two.foreign_contact)
    two.foreign_contact.name = "stolen"


async def _delete_loaded_elsewhere(session: AsyncSession, two: Two) -> None:
    await session.delete(two.foreign_contact)


async def _new_tenant(session: AsyncSession, two: Two) -> None:
    session.add(Tenant(agency_id=two.own.agency_id, slug="x", name_ar="x", name_en="x"))


async def _agency(session: AsyncSession, _: Two) -> None:
    session.add(Agency(slug="x", name="x"))


@pytest.mark.parametrize(
    "write",
    [_add_foreign, _give_away, _change_loaded_elsewhere, _delete_loaded_elsewhere, _new_tenant, _agency],
)
async def test_objects_of_another_tenant_are_refused(two: Two, write: Callable[..., Any]) -> None:
    with pytest.raises(ScopeBroken):
        async with two.db.tenant(two.own.id) as session:
            await write(session, two)


async def test_a_forged_object_changes_nothing(two: Two) -> None:
    forged = Contact(id=two.foreign_contact.id, tenant_id=two.own.id, name="before")
    make_transient_to_detached(forged)
    async with two.db.tenant(two.own.id) as session:
        session.add(forged)
        forged.name = "stolen"
        with pytest.raises(StaleDataError):
            await session.flush()


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
