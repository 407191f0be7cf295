"""No statement and no object changes or makes another tenant's row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Table, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import col

from tenants.db import ScopeBroken
from tenants.models import Agency, Contact, ContactIdentity, Tenant, now
from tests.tenants.conftest import Two

CORE: Table = Contact.__table__  # type: ignore[attr-defined]  # SQLModel hides it
IDENTITY: Table = ContactIdentity.__table__  # type: ignore[attr-defined]  # as above


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
