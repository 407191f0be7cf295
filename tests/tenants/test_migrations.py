"""Migrations make exactly what the models say, on both databases, and can be undone."""

from __future__ import annotations

import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, create_engine, inspect
from sqlmodel import SQLModel

from tenants.models import InboxRow
from tenants.schema import VERSION_TABLES, alembic_config, current, head, migrate, sync_url
from tests.conftest import sqlite_urls
from tests.postgres import Server

METADATA = {"main": SQLModel.metadata, "inbox": InboxRow.metadata}


@pytest.fixture(params=["sqlite", "postgres"])
def empty_pair(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """URLs of databases that were never migrated."""
    if request.param == "sqlite":
        yield sqlite_urls(tmp_path / "not-there-yet")
        return
    server: Server = request.getfixturevalue("postgres_server")
    with server.empty() as url:
        yield url, url


def differences(url: str, history: str) -> list[Any]:
    ours = set(METADATA[history].tables) | {VERSION_TABLES[history]}
    options = {
        "version_table": VERSION_TABLES[history],
        "compare_server_default": True,
        "include_name": lambda name, kind, _: kind != "table" or name in ours,
        "include_object": lambda one, _name, kind, _found, _other: kind != "index" or _meant(one, url),
    }
    engine = create_engine(sync_url(url))
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts=options), METADATA[history])
    engine.dispose()
    return list(found)


def _meant(index: Any, url: str) -> bool:
    """Whether the index is for this kind of database, as `Index.ddl_if` says."""
    return index._ddl_if is None or url.startswith(index._ddl_if.dialect)


def tables(url: str) -> set[str]:
    engine: Engine = create_engine(sync_url(url))
    with engine.connect() as connection:
        names = set(inspect(connection).get_table_names())
    engine.dispose()
    return names


def test_migrations_make_what_the_models_say(empty_pair: tuple[str, str]) -> None:
    migrate(*empty_pair)
    assert differences(empty_pair[0], "main") == []
    assert differences(empty_pair[1], "inbox") == []


def test_a_difference_would_be_noticed(empty_pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(*empty_pair)
    changed = MetaData()
    for table in SQLModel.metadata.tables.values():
        table.to_metadata(changed)
    changed.tables["message"].c.text.nullable = False
    monkeypatch.setitem(METADATA, "main", changed)
    assert differences(empty_pair[0], "main") != []


def test_downgrade_leaves_nothing(empty_pair: tuple[str, str]) -> None:
    migrate(*empty_pair)
    for history, url in zip(("main", "inbox"), empty_pair, strict=True):
        command.downgrade(alembic_config(url, history), "base")
        assert current(url, history) is None
    assert tables(empty_pair[0]) <= set(VERSION_TABLES.values())
    migrate(*empty_pair)
    assert differences(empty_pair[0], "main") == []


@pytest.mark.parametrize("history", VERSION_TABLES)
def test_the_head_is_alembics_head(history: str) -> None:
    scripts = ScriptDirectory.from_config(alembic_config("sqlite://", history))
    assert scripts.get_heads() == [head(history)]


def test_current_says_what_was_run_and_leaves_no_trace(empty_pair: tuple[str, str], tmp_path: Path) -> None:
    assert current(empty_pair[0], "main") is None
    assert list(tmp_path.iterdir()) == []
    migrate(*empty_pair)
    assert [current(url, history) for history, url in zip(VERSION_TABLES, empty_pair, strict=True)] == [
        head(h) for h in VERSION_TABLES
    ]


def test_an_up_to_date_database_costs_little(url_pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        msg = "alembic was started"
        raise AssertionError(msg)

    monkeypatch.setattr("tenants.schema._upgrade", refuse)
    begun = time.perf_counter()
    migrate(*url_pair)
    assert time.perf_counter() - begun < 0.15


def test_processes_that_start_together_all_succeed(empty_pair: tuple[str, str]) -> None:
    # Forked, since alembic's context is one a process and importing everything anew takes seconds.
    started = [get_context("fork").Process(target=migrate, args=empty_pair) for _ in range(3)]
    for process in started:
        process.start()
    for process in started:
        process.join(60)
    assert [process.exitcode for process in started] == [0, 0, 0]
    assert differences(empty_pair[0], "main") == []


def test_every_tenant_table_is_walled_off_on_postgres(postgres_url_pair: tuple[str, str]) -> None:
    engine = create_engine(sync_url(postgres_url_pair[0]))
    with engine.connect() as connection:
        walled = connection.exec_driver_sql(
            "SELECT relname FROM pg_class JOIN pg_policy ON polrelid = pg_class.oid"
            " WHERE relrowsecurity AND relforcerowsecurity"
        ).scalars()
        found = set(walled)
    engine.dispose()
    scoped = {name for name, table in SQLModel.metadata.tables.items() if "tenant_id" in table.c}
    search = {f"search_{name}" for name in ("state", "piece", "index", "term", "word", "vector")}
    assert found == scoped | {"tenant"} | search
