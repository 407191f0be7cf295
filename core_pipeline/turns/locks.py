"""Who may do what only one process may: an advisory lock on Postgres, a locked file beside SQLite."""

from __future__ import annotations

import fcntl
from contextlib import AsyncExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


class PostgresLock:
    """Held as long as its own connection lives; needs a direct connection, no transaction pooler."""

    def __init__(self, url: str, name: str) -> None:
        self._engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._key = func.hashtextextended(name, 0)
        self._connection: AsyncConnection | None = None

    async def take(self) -> bool:
        """Try to take the lock, or see whether we still hold it."""
        try:
            if self._connection is not None:
                await self._connection.execute(select(1))
                return True
            return await self._try()
        except SQLAlchemyError:
            self._connection = None
            return False

    async def _try(self) -> bool:
        async with AsyncExitStack() as stack:
            connection = await stack.enter_async_context(self._engine.connect())
            if not await connection.scalar(select(func.pg_try_advisory_lock(self._key))):
                return False
            stack.pop_all()
            self._connection = connection
            return True

    async def free(self) -> None:
        """Let go."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None
        await self._engine.dispose()


class FileLock:
    """Held as long as the file is open; dies with the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    async def take(self) -> bool:
        """Try to take the lock, or see whether we still hold it."""
        if self._file is not None:
            return True
        file = self._path.open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    async def free(self) -> None:
        """Let go."""
        if self._file is not None:
            self._file.close()
            self._file = None


Lock = PostgresLock | FileLock


def lock_for(url: str, name: str) -> Lock:
    """The lock of this name beside the database at `url` (a synchronous SQLAlchemy URL)."""
    if not url.startswith("sqlite"):
        return PostgresLock(url, f"sawtak:{name}")
    return FileLock(Path(url.removeprefix("sqlite:///")).with_suffix(f".{name.replace(':', '-')}.lock"))
