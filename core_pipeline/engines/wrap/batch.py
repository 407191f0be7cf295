"""Hears several requests at once with an engine whose hardware is best used full."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Protocol, TypeAlias

from errors import Retryable, SawtakError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core_pipeline.contracts.engines import Pcm, Transcript

log = logging.getLogger(__name__)

LONGEST_WAIT = 0.02
Heard: TypeAlias = "Transcript | SawtakError"


class ManyAsr(Protocol):
    """Hears several at once; its methods block, and are called from one thread at a time."""

    def transcribe_many(self, speeches: Sequence[Pcm], languages: Sequence[str | None]) -> list[Heard]:
        """Return for each speech its words, or why it can't be heard; what it raises concerns the whole batch."""

    def close(self) -> None:
        """Release everything."""


@dataclass
class _Request:
    speech: Pcm
    language: str | None
    came: float
    answer: asyncio.Future[Transcript]


class BatchedAsr:
    """Hears requests in batches of `most` at most, one batch at a time, in a thread.

    The first request of a batch waits `wait` seconds at most for company. A batch that fails is tried again one by
    one, so that each request fails by its own fault only.
    """

    def __init__(self, inner: ManyAsr, *, most: int, wait: float = LONGEST_WAIT) -> None:
        self._inner, self._most, self._wait = inner, most, min(wait, LONGEST_WAIT)
        self._waiting: deque[_Request] = deque()
        self._full = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        self._closed = False

    async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:
        """Return the words in `speech`; being cancelled hurts no other request."""
        if self._closed:
            raise _closed()
        request = _Request(speech, language, monotonic(), asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        if len(self._waiting) >= self._most:
            self._full.set()
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._serve())
        return await request.answer

    async def close(self) -> None:
        """Refuse what waits, let the batch under way end, and release the engine."""
        self._closed = True
        while self._waiting:
            _settle(self._waiting.popleft(), _closed())
        self._full.set()
        if self._work is not None:
            await self._work
        await asyncio.to_thread(self._inner.close)

    async def _serve(self) -> None:
        while self._waiting:
            await self._company()
            batch = self._next_batch()
            if batch:
                await self._hear(batch)

    async def _company(self) -> None:
        """Wait until the batch is full, or its first request has waited long enough."""
        self._full.clear()
        patience = self._waiting[0].came + self._wait - monotonic()
        if len(self._waiting) < self._most and patience > 0:
            try:
                async with asyncio.timeout(patience):
                    await self._full.wait()
            except TimeoutError:
                return

    def _next_batch(self) -> list[_Request]:
        batch: list[_Request] = []
        while self._waiting and len(batch) < self._most:
            request = self._waiting.popleft()
            if not request.answer.done():  # done: its caller went away
                batch.append(request)
        return batch

    async def _hear(self, batch: list[_Request]) -> None:
        try:
            heard = await asyncio.to_thread(self._together, batch)
        except Exception as error:  # noqa: BLE001 - whatever a library raises must reach the callers, or they wait for ever
            if len(batch) == 1:
                _settle(batch[0], _failure(error))
                return
            log.warning("a batch of %d failed with %s; trying one by one", len(batch), type(error).__name__)
            for request in batch:
                await self._hear([request])
        else:
            for request, result in zip(batch, heard, strict=True):
                _settle(request, result)

    def _together(self, batch: list[_Request]) -> list[Heard]:
        heard = self._inner.transcribe_many([r.speech for r in batch], [r.language for r in batch])
        if len(heard) != len(batch):
            raise RuntimeError(f"{len(heard)} transcripts for {len(batch)} requests")
        return heard


def _settle(request: _Request, result: Heard) -> None:
    if request.answer.done():
        return
    if isinstance(result, SawtakError):
        request.answer.set_exception(result)
    else:
        request.answer.set_result(result)


def _failure(error: Exception) -> SawtakError:
    if isinstance(error, SawtakError):
        return error
    log.error("an engine failed with %s", type(error).__name__)
    return Retryable("engine-failed", f"the engine failed with {type(error).__name__}")


def _closed() -> SawtakError:
    return Retryable("engine-closed", "the engine was being closed; it opens again for the next request")
