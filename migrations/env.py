"""Runs one history on one database, all in one transaction; `tenants.schema` says which."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine, event, pool, text

config = context.config
url, history = config.attributes["url"], config.attributes["history"]


def run(connection: Connection) -> None:
    """Hold everyone else off, then do what alembic was asked for."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('sawtak migrations'))"))
        connection.execute(text("SELECT set_config('sawtak.platform', 'on', true)"))
    context.configure(connection=connection, version_table=config.attributes["version_table"], transactional_ddl=True)
    context.run_migrations()


engine = create_engine(url, poolclass=pool.NullPool)
if engine.dialect.name == "sqlite":

    @event.listens_for(engine, "connect")
    def _explicit(connection: object, _: object) -> None:
        # Python's own idea of when a transaction begins would leave DDL outside of it.
        connection.isolation_level = None  # type: ignore[attr-defined]  # sqlite3's connection

    @event.listens_for(engine, "begin")
    def _immediate(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA busy_timeout=30000")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


with engine.begin() as opened:
    run(opened)
engine.dispose()
