"""Reads what strangers send, in processes that can't open a file or a socket and die when they take too much."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from core_pipeline.media.link import Link, ZygoteGone, next_number
from core_pipeline.media.wire import BROKEN, DONE, HEADER, Order, Verdict
from errors import Impossible, Retryable

ATTEMPTS = 2

_log = logging.getLogger(__name__)


class Cells:
    """A zygote of one trade (a module's name) and its children; started when needed and again when it dies.

    Error codes begin with `subject`; beyond its own, a child may only give one of `refusals`.
    """

    def __init__(
        self,
        trade: str,
        subject: str,
        refusals: frozenset[str],
        *,
        concurrency: int,
        max_bytes: int,
        wall_seconds: float,
    ) -> None:
        self._trade = trade
        self._subject = subject
        self._refusals = refusals
        self._slots = asyncio.Semaphore(concurrency)
        self._max_bytes = max_bytes
        self._wall_seconds = wall_seconds
        self._link: Link | None = None
        self._closed = False
        self._starting = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def pid(self) -> int | None:
        """The zygote's process id while it lives, for the doctor's page."""
        return self._link.pid if self._link is not None and self._link.alive else None

    async def start(self) -> None:
        """Start the zygote ahead of the first file; raises `Retryable` "sandbox-down" when it can't start."""
        self._closed = False
        await self._living_link()

    async def close(self) -> None:
        """End the zygote and every child in flight; those who wait for one get `Retryable`."""
        self._closed = True
        async with self._starting:
            if self._link is not None:
                await self._link.close()
            self._link = None

    async def work(self, verb: str, details: Mapping[str, Any], data: bytes, most: int) -> bytes:
        """Return what a child makes of `data`, at most `most` bytes.

        Raises `Impossible` with codes subject-unreadable, -too-large, -too-slow or one of the refusals, and
        `Retryable` with code sandbox-down when the sandbox itself fails.
        """
        if len(data) > self._max_bytes:
            raise Impossible(f"{self._subject}-too-large", f"{len(data)} bytes")
        if not data:
            raise Impossible(f"{self._subject}-unreadable", "empty")
        async with self._slots:
            order = Order(next_number(), verb, self._wall_seconds, details)
            return self._payload(await self._run(order, data, most + HEADER.size))

    async def _run(self, order: Order, data: bytes, most: int) -> tuple[int, bytes] | Verdict:
        for _attempt in range(ATTEMPTS):
            link = await self._living_link()
            try:
                return await link.run(order, data, most)
            except ZygoteGone:
                _log.warning("a file was in the sandbox when its zygote went")
        raise Retryable("sandbox-down", "the zygote died twice over one file", after=5.0)

    async def _living_link(self) -> Link:
        async with self._starting:
            if self._closed:
                raise Retryable("sandbox-down", "the sandbox is closed")
            if self._link is not None and not self._link.alive:
                await self._link.close()
                self._link = None
            if self._link is None:
                self._link = await Link.open(self._trade)
            return self._link

    def _payload(self, answer: tuple[int, bytes] | Verdict) -> bytes:
        """Return what a child brought back; its words are not trusted more than the file it read."""
        if isinstance(answer, Verdict):
            raise self._died(answer)
        status, payload = answer
        if status == DONE:
            return payload
        if status == BROKEN:
            raise Retryable("sandbox-down", "a child could not lock itself up", after=5.0)
        code, _, detail = payload.decode(errors="replace").partition("\n")
        raise Impossible(code if code in self._refusals else f"{self._subject}-unreadable", detail[:120])

    def _died(self, verdict: Verdict) -> Impossible | Retryable:
        if not verdict.born:
            return Retryable("sandbox-down", "no process could be started", after=5.0)
        if verdict.late:
            return Impossible(f"{self._subject}-too-slow", "the child ran out of wall-clock time")
        return Impossible(f"{self._subject}-unreadable", "the child died over it")
