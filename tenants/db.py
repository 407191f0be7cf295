"""The database: one engine a database, one unit of work a request or step, always for one tenant or the platform."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

from sqlalchemy import Connection, event, func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from tenants.scope import ScopeBroken, ScopeMissing, guard, own_objects

__all__ = ["Database", "ScopeBroken", "ScopeMissing", "scope_of"]

PATIENCE = "busy_timeout=30000"
PRAGMAS = ("journal_mode=WAL", PATIENCE, "synchronous=FULL", "foreign_keys=ON")
# Rows of an index that are looked at to guess how many there are of a kind.
COUNTED = 400


class _Unit(Session):
    """One unit of work; its hooks keep it within its scope."""


class Database:
    """Units of work on `sqlite+aiosqlite:///path` or `postgresql+psycopg://…`.

    Tenants' and platform's units have a pool each: `pool_size` connections are kept, as many again may be added.
    """

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self.url = url
        self.engine = _engine(url, pool_size)
        self._platform = _engine(url, pool_size)
        guard(self.engine.sync_engine)

    @asynccontextmanager
    async def tenant(self, tenant_id: str, *, reads: bool = False) -> AsyncIterator[AsyncSession]:
        """Work for one tenant: sees and writes its rows only, commits at the end, rolls back on error.

        With `reads` nothing may be written, and on SQLite the unit waits for no writer.
        """
        if not tenant_id:
            raise ScopeMissing
        async with _unit(self.engine, {"scope": tenant_id, "reads": reads}) as session:
            yield session

    @asynccontextmanager
    async def platform(self, *, reads: bool = False) -> AsyncIterator[AsyncSession]:
        """Work across all tenants, deliberately: routing at the front door, operations, the relay."""
        async with _unit(self._platform, {"platform": True, "reads": reads}) as session:
            yield session

    async def walls_stand(self) -> bool:
        """Whether the database itself keeps tenants apart: on Postgres it does unless our role is a superuser."""
        if self._platform.dialect.name == "sqlite":
            return True
        async with self.platform(reads=True) as session:
            return await session.scalar(select(func.current_setting("is_superuser"))) == "off"

    async def tend(self) -> None:
        """Have SQLite count its rows anew where that pays, which it plans by; Postgres does it by itself.

        Costs milliseconds; while somebody else writes it is left for the next time. Once in a while, and at the end.
        """
        for engine in (self.engine, self._platform):
            if engine.dialect.name == "sqlite" and engine.sync_engine.pool.checkedin():  # type: ignore[attr-defined]  # a pool that keeps connections
                async with engine.connect() as connection:
                    await connection.run_sync(_tend_sqlite)

    async def close(self) -> None:
        """Close every connection."""
        await self.tend()
        await self.engine.dispose()
        await self._platform.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def scope_of(session: AsyncSession) -> str:
    """Name the tenant that the session works for; `ScopeMissing` for a platform session."""
    scope: str | None = session.info.get("scope")
    if scope is None:
        raise ScopeMissing("this needs a tenant's session")
    return scope


@asynccontextmanager
async def _unit(engine: AsyncEngine, options: dict[str, Any]) -> AsyncIterator[AsyncSession]:
    bound = engine.execution_options(**options, postgresql_readonly=options["reads"])
    made = AsyncSession(bound, expire_on_commit=False, sync_session_class=_Unit, info=options)
    async with made as session, session.begin():
        yield session


@event.listens_for(_Unit, "before_flush")
def _before_flush(session: Session, *_: object) -> None:
    if session.info["reads"] and (session.new or session.dirty or session.deleted):
        raise ScopeBroken("a reading unit of work must not write")
    if "scope" in session.info:
        own_objects(session, session.info["scope"])


def _engine(url: str, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=pool_size, max_overflow=pool_size, hide_parameters=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    else:
        event.listen(engine.sync_engine, "begin", _begin_postgres)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _tend_sqlite(conn: Connection) -> None:
    # Looks only at tables that this connection has asked by an index, at a few hundred rows of each.
    with suppress(conn.dialect.loaded_dbapi.OperationalError):
        for pragma in ("query_only=0", "busy_timeout=0", f"analysis_limit={COUNTED}", "optimize"):
            _raw(conn, f"PRAGMA {pragma}")
    _raw(conn, f"PRAGMA {PATIENCE}")


def _begin_sqlite(conn: Connection) -> None:
    # Writers take the lock at once: two readers that both want to write could only deadlock.
    reads = conn.get_execution_options().get("reads", False)
    _raw(conn, f"PRAGMA query_only={int(reads)}")
    _raw(conn, "BEGIN" if reads else "BEGIN IMMEDIATE")


def _begin_postgres(conn: Connection) -> None:
    # Row-level security reads these until the transaction ends; see migrations/versions/main. Neither set: no row.
    options = conn.get_execution_options()
    if "scope" in options:
        _raw(conn, "SELECT set_config('sawtak.tenant', %s, true)", (options["scope"],))
    elif options.get("platform"):
        _raw(conn, "SELECT set_config('sawtak.platform', 'on', true)")


def _raw(conn: Connection, sql: str, parameters: tuple[str, ...] = ()) -> None:
    cursor = conn.connection.cursor()
    try:
        cursor.execute(sql, parameters)
    finally:
        cursor.close()
