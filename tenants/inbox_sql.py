"""The inbox's SQL: the same words for SQLite and Postgres, on one plain connection that lives in one thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import psycopg
from sqlalchemy.engine import make_url

CHUNK = 1000
INSERT = "INSERT INTO inbox (tenant_id, account_id, provider_id, payload, tries, received_at) VALUES "
UNLESS_THERE = " ON CONFLICT (account_id, provider_id) DO NOTHING RETURNING account_id, provider_id, id"
PENDING = """SELECT id, tenant_id, account_id, provider_id, payload, tries, received_at FROM inbox
 WHERE relayed_at IS NULL AND tries < ? ORDER BY id LIMIT ?"""
MARK = "UPDATE inbox SET relayed_at = ? WHERE id = ?"
BUMP = "UPDATE inbox SET tries = tries + 1 WHERE id = ?"
BLANK = "UPDATE inbox SET payload = '' WHERE account_id = ? AND provider_id = ? AND relayed_at IS NOT NULL"
PURGE = "DELETE FROM inbox WHERE relayed_at < ?"


@dataclass(frozen=True)
class NewRow:
    """What the front door hands in: whose it is, the vendor's id of it, and the message as JSON."""

    tenant_id: str
    account_id: str
    provider_id: str
    payload: str
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class Waiting:
    """A row that no workflow has taken yet; `tries` counts the failed relays."""

    id: int
    tenant_id: str
    account_id: str
    provider_id: str
    payload: str
    tries: int
    received_at: datetime


class Dialect(Protocol):
    """What differs between the two databases."""

    mark: str
    begin: str

    def connect(self) -> Any:
        """Open a connection in autocommit mode."""

    def write_time(self, time: datetime) -> Any:
        """Turn a time into what SQLAlchemy would write for it."""


class _Sqlite:
    mark, begin = "?", "BEGIN IMMEDIATE"

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def connect(self) -> sqlite3.Connection:
        # The writer's one thread does all the work; only closing may come from another.
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "busy_timeout=30000", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def write_time(self, time: datetime) -> str:
        return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


class _Postgres:
    mark, begin = "%s", "BEGIN"

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self._dsn, autocommit=True)

    def write_time(self, time: datetime) -> datetime:
        return time


def dialect_of(url: str) -> Dialect:
    """Choose by URL; Postgres gets libpq's own form of it."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _Sqlite(parsed.database or "")
    return _Postgres(parsed.set(drivername="postgresql").render_as_string(hide_password=False))


class Link:
    """One connection, opened when needed and again after it broke; every method runs in the writer's thread."""

    def __init__(self, url: str) -> None:
        self._dialect = dialect_of(url)
        self._connection: Any = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit at the end; on error drop the connection, whatever state it is in."""
        try:
            if self._connection is None:
                self._connection = self._dialect.connect()
            self._connection.execute(self._dialect.begin)
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            self.close()
            raise

    def insert(self, rows: Sequence[NewRow]) -> dict[tuple[str, str], int]:
        """Write what is new; give its ids by account and provider id."""
        ids: dict[tuple[str, str], int] = {}
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            places = ",".join(["(?, ?, ?, ?, 0, ?)"] * len(chunk))
            values = [value for row in chunk for value in self._values(row)]
            ids |= {
                (account, provider): id_ for account, provider, id_ in self._run(INSERT + places + UNLESS_THERE, values)
            }
        return ids

    def pending(self, limit: int, most_tries: int) -> list[Waiting]:
        """Read the oldest rows that no workflow has taken."""
        rows = self._run(PENDING, (most_tries, limit)).fetchall()
        return [replace(Waiting(*row), received_at=_utc(row[6])) for row in rows]

    def mark(self, ids: Sequence[int]) -> None:
        """Note the time at which workflows took these rows."""
        at = self._dialect.write_time(datetime.now(UTC))
        self._many(MARK, [(at, id_) for id_ in ids])

    def bump(self, ids: Sequence[int]) -> None:
        """Count one more try."""
        self._many(BUMP, [(id_,) for id_ in ids])

    def blank(self, arrived: Sequence[tuple[str, str]]) -> None:
        """Empty rows that workflows took, by account and the vendor's id."""
        self._many(BLANK, arrived)

    def purge(self, older_than: datetime) -> int:
        """Delete what workflows took before then."""
        return int(self._run(PURGE, (self._dialect.write_time(older_than),)).rowcount)

    def close(self) -> None:
        """Let go of the connection; what was not committed is rolled back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error, psycopg.Error):
                connection.close()

    def _values(self, row: NewRow) -> tuple[Any, ...]:
        return row.tenant_id, row.account_id, row.provider_id, row.payload, self._dialect.write_time(row.received_at)

    def _run(self, sql: str, values: Sequence[Any]) -> Any:
        return self._connection.execute(sql.replace("?", self._dialect.mark), values)

    def _many(self, sql: str, values: Sequence[Sequence[Any]]) -> None:
        self._connection.cursor().executemany(sql.replace("?", self._dialect.mark), values)


def _utc(time: str | datetime) -> datetime:
    read = datetime.fromisoformat(time) if isinstance(time, str) else time
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
