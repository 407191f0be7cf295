"""Decodes what strangers send, in a process that can't open a file or a socket and dies when it takes too much."""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType
from typing import Self

from core_pipeline.contracts.engines import Pcm
from core_pipeline.media.link import Link, ZygoteGone, next_number
from core_pipeline.media.pcm import peak
from core_pipeline.media.probe import MediaFacts
from core_pipeline.media.wire import BROKEN, DONE, HEADER, REFUSALS, Order, Verdict
from errors import Impossible, Retryable

MAX_BYTES = 25 << 20
MAX_SECONDS = 900.0
WALL_SECONDS = 20.0
SILENCE = 10 ** (-66 / 20)
FACTS_BYTES = 4096
ATTEMPTS = 2

_log = logging.getLogger(__name__)


class Sandbox:
    """The platform's one door to strangers' media; starts its zygote when needed and again when it dies."""

    def __init__(self, *, concurrency: int = 2, max_bytes: int = MAX_BYTES, wall_seconds: float = WALL_SECONDS) -> None:
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
        """End the zygote and every decode in flight; they raise `Retryable`."""
        self._closed = True
        async with self._starting:
            if self._link is not None:
                await self._link.close()
            self._link = None

    async def decode(self, data: bytes, *, sample_rate: int = 16_000, max_seconds: float = MAX_SECONDS) -> Pcm:
        """Return the sound of `data` (any format of this room's README), mono at `sample_rate`.

        Raises `Impossible` with code media-unreadable, media-too-large, media-too-long, media-too-slow or
        media-silent, and `Retryable` with code sandbox-down when the sandbox itself fails.
        """
        most = int(max_seconds * sample_rate) * 2
        order = Order(next_number(), "decode", sample_rate, max_seconds, self._wall_seconds)
        sound = await self._work(order, data, most)
        if not sound or len(sound) % 2:
            raise Impossible("media-unreadable", "half a sample")
        pcm = Pcm(sound, sample_rate)
        if peak(pcm) < SILENCE:
            raise Impossible("media-silent")
        return pcm

    async def probe(self, data: bytes, *, max_seconds: float = MAX_SECONDS) -> MediaFacts:
        """Return what `data` really is, measured by decoding it; raises as `decode` does, but takes silence."""
        order = Order(next_number(), "probe", 0, max_seconds, self._wall_seconds)
        payload = await self._work(order, data, FACTS_BYTES)
        try:
            return MediaFacts.unpack(payload)
        except (ValueError, KeyError, TypeError):
            raise Impossible("media-unreadable", "a child answered nonsense") from None

    async def _work(self, order: Order, data: bytes, most: int) -> bytes:
        if len(data) > self._max_bytes:
            raise Impossible("media-too-large", f"{len(data)} bytes")
        if not data:
            raise Impossible("media-unreadable", "empty")
        async with self._slots:
            answer = await self._run(order, data, most + HEADER.size)
        return _payload(answer)

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
                self._link = await Link.open()
            return self._link


def _payload(answer: tuple[int, bytes] | Verdict) -> bytes:
    """Return what a child brought back; its words are not trusted more than the file it read."""
    if isinstance(answer, Verdict):
        raise _died(answer)
    status, payload = answer
    if status == DONE:
        return payload
    if status == BROKEN:
        raise Retryable("sandbox-down", "a child could not lock itself up", after=5.0)
    code, _, detail = payload.decode(errors="replace").partition("\n")
    raise Impossible(code if code in REFUSALS else "media-unreadable", detail[:120])


def _died(verdict: Verdict) -> Impossible | Retryable:
    if not verdict.born:
        return Retryable("sandbox-down", "no process could be started", after=5.0)
    if verdict.late:
        return Impossible("media-too-slow", "the decoder ran out of wall-clock time")
    return Impossible("media-unreadable", "the decoder died over it")
