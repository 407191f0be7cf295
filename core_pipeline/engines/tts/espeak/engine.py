"""Speaks Arabic and English through a child process that it starts, supervises and replaces."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from core_pipeline.contracts.engines import Pcm, Saying, Speech, Word
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.child import Child
from errors import Impossible, NeedsOwner, SawtakError

_LANGUAGES = frozenset({"ar", "en"})
_SLOWEST, _FASTEST = 80, 450
_HIGHEST_PITCH = 99
_NORMAL_PITCH = 50

_Part = Speech | SawtakError | None


class EspeakTts:
    """One voice process; sayings queue for it, and a slow listener holds up nobody else."""

    def __init__(self, config: EspeakConfig) -> None:
        self._config = config
        self._child: Child | None = None
        self._turn = asyncio.Lock()

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        """Stream the spoken text, one run of one script after the other; nothing when there is nothing to say.

        Raises Retryable when the process ended or hung (the next saying gets a fresh one), NeedsOwner for an unknown
        voice, Impossible for a language it doesn't speak or a text that is too long.
        """
        request = self._request(saying)
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
            self._child = await Child.start()
        complete = False
        try:
            async for header, body in self._child.ask(request, self._config.timeout):
                complete = "done" in header or "error" in header
                if "error" in header:
                    raise NeedsOwner("unknown-voice", "espeak-ng has no such variant")
                if not complete:
                    parts.put_nowait(_speech(header, body))
        finally:
            if not complete:  # the rest of the answer would be taken for the next one's
                await self._child.kill()
                self._child = None

    def _request(self, saying: Saying) -> dict[str, Any]:
        if saying.language not in _LANGUAGES:
            raise Impossible("language", f"espeak speaks ar and en here, not {saying.language}")
        if len(saying.text) > self._config.longest_text:
            raise Impossible("text-too-long", f"{len(saying.text)} characters")
        _, _, variant = (saying.voice or self._config.voice).partition("+")
        return {
            "text": saying.text,
            "language": saying.language,
            "variant": variant,
            "rate": round(min(_FASTEST, max(_SLOWEST, self._config.words_per_minute * saying.rate))),
            "pitch": round(min(_HIGHEST_PITCH, max(0, _NORMAL_PITCH * saying.pitch))),
            "range": 50,
            "volume": 100,
            "vocalise": True,
        }


def _speech(header: dict[str, Any], body: bytes) -> Speech:
    rate = header["sample_rate"]
    return Speech(Pcm(body, rate), _words(header["words"], rate), _words(header["phonemes"], rate))


def _words(spans: list[tuple[str, int, int]], rate: int) -> tuple[Word, ...]:
    return tuple(Word(text, first / rate, last / rate) for text, first, last in spans)
