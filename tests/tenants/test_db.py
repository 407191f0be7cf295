"""Units of work: all or nothing, durable, and never in each other's way."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from tenants.db import Database, ScopeBroken
from tenants.models import Contact, ContactIdentity, Tenant, now
from tenants.schema import libpq, sync_url
from tests.conftest import Floor
from tests.factories import make_contact, make_tenant


async def test_a_unit_commits_at_its_end_and_rolls_back_on_error(database: Floor) -> None:
    tenant = await make_tenant(database.db)
    async with database.db.tenant(tenant.id) as session:
        session.add(Contact(tenant_id=tenant.id, name="kept"))
    with pytest.raises(ZeroDivisionError):
        async with database.db.tenant(tenant.id) as session:
            await _add_and_fail(session, Contact(tenant_id=tenant.id, name="lost"))
    async with database.db.tenant(tenant.id) as session:
        assert (await session.scalars(select(col(Contact.name)))).all() == ["kept"]


async def _add_and_fail(session: AsyncSession, contact: Contact) -> None:
    session.add(contact)
    await session.flush()
    raise ZeroDivisionError


async def test_savepoints_work_within_a_unit(database: Floor) -> None:
    tenant = await make_tenant(database.db)
    async with database.db.tenant(tenant.id) as session:
        session.add(Contact(id="1", tenant_id=tenant.id))
        await session.flush()
        clash = insert(Contact).values(id="1", tenant_id=tenant.id, created_at=now())
        with pytest.raises(IntegrityError):
            async with session.begin_nested():
                await session.execute(clash)
        assert await session.scalar(select(func.count()).select_from(Contact)) == 1


async def test_objects_stay_readable_after_their_unit(database: Floor) -> None:
    tenant = await make_tenant(database.db, name_en="Pearl")
    async with database.db.tenant(tenant.id) as session:
        read = await session.get_one(Tenant, tenant.id)
    assert read.name_en == "Pearl"
    assert read.created_at == tenant.created_at


async def test_concurrent_writers_all_get_through(database: Floor) -> None:
    tenant = await make_tenant(database.db)
    contact = await make_contact(database.db, tenant, name="0")

    async def count_up() -> None:
        async with database.db.tenant(tenant.id) as session:
            held = await session.get_one(Contact, contact.id, with_for_update=True)
            held.name = str(int(held.name or 0) + 1)

    await asyncio.gather(*(count_up() for _ in range(20)))
    async with database.db.tenant(tenant.id) as session:
        assert (await session.get_one(Contact, contact.id)).name == "20"


async def test_a_reading_unit_waits_for_no_writer_and_cannot_write(database: Floor) -> None:
    tenant = await make_tenant(database.db)
    async with database.db.tenant(tenant.id) as writing:
        writing.add(Contact(tenant_id=tenant.id))
        await writing.flush()
        async with asyncio.timeout(5), database.db.tenant(tenant.id, reads=True) as reading:
            assert await reading.scalar(select(func.count()).select_from(Contact)) == 0
    with pytest.raises(ScopeBroken):
        async with database.db.tenant(tenant.id, reads=True) as reading:
            reading.add(Contact(tenant_id=tenant.id))
    with pytest.raises(DBAPIError):
        async with database.db.tenant(tenant.id, reads=True) as reading:
            await reading.execute(update(Contact).values(name="x"))
    await make_contact(database.db, tenant)


async def test_foreign_keys_hold(database: Floor) -> None:
    tenant = await make_tenant(database.db)
    with pytest.raises(IntegrityError):
        async with database.db.tenant(tenant.id) as session:
            session.add(ContactIdentity(tenant_id=tenant.id, contact_id="nobody", kind="k", value="v"))


async def test_sqlite_is_durable_and_lets_readers_by(sqlite_database: Floor) -> None:
    async with sqlite_database.db.platform() as session:
        connection = await session.connection()
        read = {
            name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    assert read == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 30000, "foreign_keys": 1}


async def test_sqlite_is_told_how_its_tables_are_filled(sqlite_database: Floor) -> None:
    db, tenant = sqlite_database.db, await make_tenant(sqlite_database.db)
    async with db.tenant(tenant.id) as session:
        session.add_all([Contact(tenant_id=tenant.id, name=f"c{number}") for number in range(50)])

    async def counted() -> bool:
        async with db.tenant(tenant.id, reads=True) as session:
            await session.scalars(select(Contact).where(col(Contact.name) == "c7"))
        with closing(sqlite3.connect(make_url(db.url).database or "")) as file:
            known = file.execute("SELECT name FROM sqlite_master WHERE name = 'sqlite_stat1'").fetchall()
            return bool(known and file.execute("SELECT 1 FROM sqlite_stat1 WHERE tbl = 'contact'").fetchall())

    assert not await counted()
    async with db.platform() as session:  # somebody writes: it is left for the next time
        await session.execute(update(Tenant).values(name_en="New"))
        await db.tend()
    assert not await counted()
    await db.tend()
    assert await counted()
    async with db.tenant(tenant.id) as session:  # and everything goes on as before
        session.add(Contact(tenant_id=tenant.id, name="after"))


async def test_postgres_walls_rows_off_even_from_raw_sql(postgres_database: Floor) -> None:
    own, foreign = [await make_tenant(postgres_database.db, slug=slug) for slug in ("own", "foreign")]
    for tenant in (own, foreign):
        await make_contact(postgres_database.db, tenant, name=tenant.slug)
    with psycopg.connect(libpq(sync_url(postgres_database.main_url))) as raw:
        assert raw.execute("SELECT usesuper FROM pg_user WHERE usename = current_user").fetchone() == (False,)
        assert raw.execute("SELECT name FROM contact").fetchall() == []
        raw.execute("SELECT set_config('sawtak.tenant', %s, true)", (own.id,))
        assert raw.execute("SELECT name FROM contact").fetchall() == [("own",)]
        assert raw.execute("SELECT slug FROM tenant").fetchall() == [("own",)]
        assert raw.execute("UPDATE contact SET name = 'seen'").rowcount == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            raw.execute("INSERT INTO contact (id, tenant_id, created_at) VALUES ('x', %s, now())", (foreign.id,))


async def test_postgres_forgets_the_scope_after_each_unit(postgres_url_pair: tuple[str, str]) -> None:
    setting = select(func.current_setting("sawtak.tenant", True))
    async with Database(postgres_url_pair[0], pool_size=1) as db:
        seen = []
        for tenant_id in ("one", "two"):
            async with db.tenant(tenant_id) as session:
                seen.append(await session.scalar(setting))
            seen.append(await _setting(db))
    assert seen == ["one", "", "two", ""]


async def _setting(db: Database) -> Any:
    """What the pool's one connection says between two units."""
    async with db.engine.connect() as pooled:
        driver: Any = (await pooled.get_raw_connection()).driver_connection
        row = await (await driver.execute("SELECT current_setting('sawtak.tenant', true)")).fetchone()
    return row[0]
