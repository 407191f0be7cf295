"""The doctor's findings on real databases."""

from __future__ import annotations

import httpx

from core_pipeline.operating import checks
from tenants.accounts import AccountBook
from tenants.db import Database
from tenants.vault import Vault
from tests.conftest import Floor
from tests.factories import make_account, make_tenant
from tests.postgres import Server
from webhooks.lines import OpenLines


async def test_tenants_are_walled_off(database: Floor) -> None:
    assert (await checks.walls(database.db)).fine


async def test_a_superuser_walks_through_walls(postgres_server: Server) -> None:
    with postgres_server.database() as url:
        async with Database(postgres_server.as_superuser(url)) as db:
            finding = await checks.walls(db)
    assert not finding.fine
    assert "superuser" in finding.fix


def test_the_schema_is_up_to_date_or_not(database: Floor, postgres_server: Server) -> None:
    assert checks.schema(database.main_url, database.inbox_url).fine
    with postgres_server.empty() as url:
        assert not checks.schema(url, url).fine
    missing = checks.schema(
        "postgresql+psycopg://nobody@127.0.0.1:1/none", "postgresql+psycopg://nobody@127.0.0.1:1/none"
    )
    assert (missing.fine, "DATABASE_URL" in missing.fix) == (False, True)


async def test_settings_that_are_wrong_are_named_and_no_value_is_told(sqlite_database: Floor) -> None:
    tenant, vault = await make_tenant(sqlite_database.db), Vault.generate()
    account = await make_account(sqlite_database.db, tenant, channel="whatsapp", config={"phone_number_id": "hush"})
    book = AccountBook(sqlite_database.db, vault)
    async with httpx.AsyncClient() as vendor:
        lines = OpenLines(book, vendor, lambda _: {})
        [finding] = await checks.accounts(book, lines)
        await lines.close()
    assert account.id in finding.what
    assert "phone_number_id" in finding.fix
    assert "hush" not in finding.fix
