"""The worker's desk: so many at work, so many waiting, and whoever gave the work can take it back."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

from core_pipeline.engines.worker.faults import known
from errors import Impossible, Retryable, SawtakError

_BUFFERED = 4  # parts that may lie ready for a slow listener
_LONGEST_ID = 200
_LEARNING = 0.2  # how much the newest job counts in the mean


@dataclass(frozen=True)
class Limits:
    """How much a worker takes on: requests at once and waiting, seconds and bytes per request, clones it keeps."""

    at_once: int = 1
    waiting: int = 16
    seconds: float = 600.0
    body: int = 64 << 20
    file: int = 1 << 30
    clones: int = 64


class Job:
    """One piece of work in a task of its own; it ends when it is done, taken back or too late."""

    def __init__(self, work: AsyncGenerator[bytes, None], desk: Desk, seconds: float) -> None:
        self._parts: asyncio.Queue[bytes | None] = asyncio.Queue(_BUFFERED)
        self._desk = desk
        self._task = asyncio.create_task(self._run(work, seconds))
        self._task.add_done_callback(self._wake)

    async def next(self) -> bytes | None:
        """Return the next part, None after the last; raises the engine's error, Retryable when taken back or late."""
        part = None
        if not (self._parts.empty() and self._task.done()):
            part = await self._parts.get()
        if part is None:
            self._conclude()
        return part

    def take_back(self) -> None:
        """Ask the work to stop."""
        self._task.cancel()

    async def stop(self) -> None:
        """Stop the work and wait until it has."""
        self._task.cancel()
        await asyncio.wait([self._task])

    def _conclude(self) -> None:
        if self._task.cancelled():
            raise Retryable("cancelled", "the work was taken back")
        if error := self._task.exception():
            raise known(error)

    def _wake(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            task.exception()  # nobody may be left who asks for it
        # A full queue needs no last word: who empties it finds the task done.
        with contextlib.suppress(asyncio.QueueFull):
            self._parts.put_nowait(None)

    async def _run(self, work: AsyncGenerator[bytes, None], seconds: float) -> None:
        limit = asyncio.timeout(seconds)
        try:
            async with limit, contextlib.aclosing(work), self._desk.seat():
                async for part in work:
                    await self._parts.put(part)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise Retryable("deadline", f"the work was not done within {seconds:g} seconds") from error


class Desk:
    """Admits, seats and knows the jobs of one worker."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._seats = asyncio.Semaphore(limits.at_once)
        self._jobs: dict[str, Job] = {}
        self._mean = 1.0
        self.busy = 0

    @property
    def waiting(self) -> int:
        """How many jobs wait for a seat."""
        return len(self._jobs) - self.busy

    @contextlib.asynccontextmanager
    async def job(
        self, work: AsyncGenerator[bytes, None], name: str = "", seconds: float | None = None
    ) -> AsyncIterator[Job]:
        """Run the work for the length of the block, known as `name`; it has stopped when the block is left.

        Raises Retryable with the expected wait when the worker is full, Impossible for a name that is taken.
        """
        name = name[:_LONGEST_ID] or uuid4().hex
        try:
            self._admit(name)
        except SawtakError:
            await work.aclose()
            raise
        job = self._jobs[name] = Job(work, self, min(seconds or self.limits.seconds, self.limits.seconds))
        try:
            yield job
        finally:
            await job.stop()
            del self._jobs[name]

    def take_back(self, name: str) -> bool:
        """Stop the job of that name; False when there is none."""
        job = self._jobs.get(name[:_LONGEST_ID])
        if job:
            job.take_back()
        return job is not None

    @contextlib.asynccontextmanager
    async def seat(self) -> AsyncIterator[None]:
        """Wait for a seat and keep it for the block."""
        async with self._seats:
            self.busy += 1
            start = time.monotonic()
            try:
                yield
            finally:
                self.busy -= 1
                self._mean += _LEARNING * (time.monotonic() - start - self._mean)

    def _admit(self, name: str) -> None:
        if name in self._jobs:
            raise Impossible("bad-request", "a request of that id is at work")
        if len(self._jobs) >= self.limits.at_once + self.limits.waiting:
            wait = self._mean * (self.waiting + 1) / self.limits.at_once
            raise Retryable("worker-full", f"{self.waiting} requests wait already", after=max(0.1, wait))
