"""The doctor's findings on real databases."""

from __future__ import annotations

from core_pipeline.operating import checks
from tenants.db import Database
from tests.conftest import Floor
from tests.postgres import Server


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
