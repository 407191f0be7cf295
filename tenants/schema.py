"""Brings the databases to the newest schema; two histories, since on SQLite the inbox lies in a file of its own."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy.engine import URL, make_url

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parents[1] / "migrations"
VERSION_TABLES = {"main": "alembic_version", "inbox": "alembic_version_inbox"}


def migrate(main_url: str, inbox_url: str) -> None:
    """Upgrade both histories to their heads; does next to nothing when they are there."""
    for history, url in (("main", main_url), ("inbox", inbox_url)):
        if current(url, history) != head(history):
            _upgrade(url, history)


def up_to_date(main_url: str, inbox_url: str) -> bool:
    """Say whether both histories are at their heads."""
    return all(current(url, history) == head(history) for history, url in (("main", main_url), ("inbox", inbox_url)))


def current(url: str, history: str) -> str | None:
    """Read the revision that the database is at; None when it was never migrated. Leaves no trace."""
    parsed, asked = make_url(url), f"SELECT version_num FROM {VERSION_TABLES[history]}"  # noqa: S608 - our own names
    if parsed.get_backend_name() == "sqlite":
        return _current_sqlite(Path(parsed.database or ""), asked)
    try:
        with psycopg.connect(libpq(parsed), autocommit=True) as connection:
            row = connection.execute(asked).fetchone()
    except psycopg.errors.UndefinedTable:
        return None
    return row[0] if row else None


def _current_sqlite(path: Path, asked: str) -> str | None:
    if not path.exists():
        return None
    with closing(sqlite3.connect(path)) as connection:
        try:
            row = connection.execute(asked).fetchone()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return None
            raise
    return row[0] if row else None


def head(history: str) -> str:
    """Name the newest revision: the number that the last file of the history begins with."""
    return max(file.name for file in (MIGRATIONS / "versions" / history).glob("[0-9]*.py")).split("_")[0]


def alembic_config(url: str, history: str) -> Config:
    """Tell alembic where one history lies and which database it is for."""
    from alembic.config import Config  # noqa: PLC0415 - costs 0.3 s that an up-to-date start need not pay

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("version_locations", str(MIGRATIONS / "versions" / history))
    config.set_main_option("path_separator", "newline")
    config.attributes.update(url=sync_url(url), history=history, version_table=VERSION_TABLES[history])
    return config


def sync_url(url: str) -> URL:
    """Give the URL for a synchronous engine on the same database."""
    parsed = make_url(url)
    return parsed.set(drivername="sqlite") if parsed.get_backend_name() == "sqlite" else parsed


def libpq(url: URL) -> str:
    """Give the URL in the form that libpq reads."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _upgrade(url: str, history: str) -> None:
    from alembic import command  # noqa: PLC0415 - as above

    database = make_url(url).database
    if make_url(url).get_backend_name() == "sqlite" and database:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(alembic_config(url, history), "head")
