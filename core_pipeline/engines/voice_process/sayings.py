"""Sayings queue for one process that speaks, which is started when needed and replaced when it dies."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import Any

from core_pipeline.contracts.engines import Pcm, Speech, Word
from core_pipeline.engines.voice_process.child import Child
from errors import SawtakError

Refusal = Callable[[dict[str, Any]], SawtakError]
_Part = Speech | SawtakError | None


class VoiceProcess:
    """One process, `python -m module`; a slow listener holds up nobody else.

    `refusal` turns the header of a frame that says "error" into what is raised; `timeout` is the longest silence of
    the process in seconds.
    """

    def __init__(self, module: str, timeout: float, refusal: Refusal) -> None:
        self._module, self._refusal = module, refusal
        self._timeout = timeout
        self._child: Child | None = None
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The process id while there is one."""
        return self._child.pid if self._child else None

    async def speak(self, request: dict[str, Any]) -> AsyncGenerator[Speech]:
        """Stream what the process answers; Retryable when it ended or hung: the next request gets a fresh one."""
        parts: asyncio.Queue[_Part] = asyncio.Queue()
        pump = asyncio.create_task(self._pump(request, parts))
        try:
            while (part := await parts.get()) is not None:
                if isinstance(part, SawtakError):
                    raise part
                yield part
        finally:
            pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pump

    async def close(self) -> None:
        """End the process."""
        async with self._turn:
            if self._child:
                await self._child.close()
                self._child = None

    async def _pump(self, request: dict[str, Any], parts: asyncio.Queue[_Part]) -> None:
        try:
            async with self._turn:
                await self._answer(request, parts)
        except SawtakError as error:
            parts.put_nowait(error)
        else:
            parts.put_nowait(None)

    async def _answer(self, request: dict[str, Any], parts: asyncio.Queue[_Part]) -> None:
        if self._child is None or not self._child.alive:
            self._child = await Child.start(self._module)
        complete = False
        try:
            async for header, body in self._child.ask(request, self._timeout):
                complete = "done" in header or "error" in header
                if "error" in header:
                    raise self._refusal(header)
                if not complete:
                    parts.put_nowait(_speech(header, body))
        finally:
            if not complete:  # the rest of the answer would be taken for the next one's
                await self._child.kill()
                self._child = None


def _speech(header: dict[str, Any], body: bytes) -> Speech:
    rate = header["sample_rate"]
    return Speech(Pcm(body, rate), _words(header["words"], rate), _words(header["phonemes"], rate))


def _words(spans: list[tuple[str, int, int]], rate: int) -> tuple[Word, ...]:
    return tuple(Word(text, first / rate, last / rate) for text, first, last in spans)
