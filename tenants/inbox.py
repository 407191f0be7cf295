"""The inbox: what arrives is on disk before the vendor gets an answer; many callers share one commit."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from errors import Impossible, Retryable
from tenants.inbox_sql import Link, NewRow, Waiting

__all__ = ["Inbox", "NewRow", "Waiting"]

log = logging.getLogger(__name__)

NO_LIMIT = 1_000_000_000


@dataclass
class _Job:
    """One caller's wish; it is answered only after the commit that holds it."""

    done: asyncio.Future[Any]
    rows: Sequence[NewRow] = ()
    work: Callable[[], Any] | None = None


class Inbox:
    """Writes in group commits of at most `most` rows; `url` as for `Database`, with a file of its own on SQLite."""

    def __init__(self, url: str, *, most: int = 2000) -> None:
        self._link = Link(url)
        self._most = most
        self._jobs: deque[_Job] = deque()
        self._work = asyncio.Event()
        self._arrived = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="inbox")
        self._writer: asyncio.Task[None] | None = None
        self._closing = False

    async def put(self, rows: Sequence[NewRow]) -> list[int | None]:
        """Return once the rows are on disk: their ids in order, None for those that were there before.

        Raises `Retryable("inbox-down")` when the database fails, `Impossible` for text that no database takes.
        """
        for row in rows:
            _check(row)
        if not rows:
            return []
        ids: list[int | None] = await self._ask(rows=rows)
        return ids

    async def pending(self, limit: int, *, most_tries: int = NO_LIMIT) -> list[Waiting]:
        """Read the oldest rows not relayed yet, in id order, leaving out those that failed `most_tries` times."""
        found: list[Waiting] = await self._ask(work=lambda: self._link.pending(limit, most_tries))
        return found

    async def mark(self, ids: Iterable[int]) -> None:
        """Note that workflows have taken these rows."""
        chosen = list(ids)
        await self._ask(work=lambda: self._link.mark(chosen))

    async def bump(self, ids: Iterable[int]) -> None:
        """Count one more failed relay of these rows."""
        chosen = list(ids)
        await self._ask(work=lambda: self._link.bump(chosen))

    async def purge(self, older_than: datetime) -> int:
        """Forget rows relayed before then and return how many; keep them longer than their workflows."""
        gone: int = await self._ask(work=lambda: self._link.purge(older_than))
        return gone

    async def blank(self, arrived: Iterable[tuple[str, str]]) -> None:
        """Forget what came in under these accounts and vendor's ids, but not that it came: it is never taken twice."""
        if chosen := list(arrived):
            await self._ask(work=lambda: self._link.blank(chosen))

    async def wait(self, timeout: float) -> bool:
        """Sleep until rows are committed here, at most `timeout` seconds; True if some were since the last call."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._arrived.wait(), timeout)
        arrived = self._arrived.is_set()
        self._arrived.clear()
        return arrived

    async def close(self) -> None:
        """Write what is waiting, then let go of the database."""
        self._closing = True
        self._work.set()
        if self._writer is not None:
            await self._writer
        self._thread.shutdown()
        self._link.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _ask(self, rows: Sequence[NewRow] = (), work: Callable[[], Any] | None = None) -> Any:
        if self._closing:
            raise Retryable("inbox-closed")
        if self._writer is None:
            self._writer = asyncio.create_task(self._write(), name="inbox writer")
        job = _Job(asyncio.get_running_loop().create_future(), rows, work)
        self._jobs.append(job)
        self._work.set()
        return await job.done

    async def _write(self) -> None:
        while self._jobs or not self._closing:
            if self._jobs:
                await self._serve(self._take())
            else:
                self._work.clear()
                await self._work.wait()

    async def _serve(self, batch: list[_Job]) -> None:
        try:
            results = await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, batch)
        except Exception as error:  # noqa: BLE001 - the writer outlives whatever a database or disk may raise
            log.warning("inbox is down: %s", type(error).__name__)
            _refuse(batch, type(error).__name__)
            return
        for job, result in zip(batch, results, strict=True):
            if not job.done.done():
                job.done.set_result(result)
        if any(job.rows for job in batch):
            self._arrived.set()

    def _take(self) -> list[_Job]:
        """Take whole callers, in order, until the batch is full; at least one."""
        batch = [self._jobs.popleft()]
        size = len(batch[0].rows)
        while self._jobs and size + len(self._jobs[0].rows) <= self._most:
            batch.append(self._jobs.popleft())
            size += len(batch[-1].rows)
        return batch

    def _commit(self, batch: list[_Job]) -> list[Any]:
        """Serve every job in one transaction, in the writer's thread; all their rows go in together."""
        with self._link.transaction():
            ids = self._link.insert([row for job in batch for row in job.rows])
            return [job.work() if job.work else _own_ids(job.rows, ids) for job in batch]


def _own_ids(rows: Sequence[NewRow], ids: dict[tuple[str, str], int]) -> list[int | None]:
    """Each id goes to the first who brought its row; later ones brought a duplicate."""
    return [ids.pop((row.account_id, row.provider_id), None) for row in rows]


def _refuse(batch: list[_Job], why: str) -> None:
    for job in batch:
        if not job.done.done():
            job.done.set_exception(Retryable("inbox-down", why, after=1.0))


def _check(row: NewRow) -> None:
    """One caller's unwritable text must not fail the commit that it shares with others."""
    for text in (row.tenant_id, row.account_id, row.provider_id, row.payload):
        if "\0" in text or not _encodes(text):
            raise Impossible("inbox-text")


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
