"""Engines that open when they are first used, so that one which can't be opened only counts as failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core_pipeline.engines.wrap.flowing import flowing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from core_pipeline.contracts.engines import (
        Ask,
        Asr,
        Embedder,
        Llm,
        Pcm,
        Piece,
        Saying,
        Speech,
        Transcript,
        Tts,
    )


class LazyAsr:
    """Hears once it is open."""

    def __init__(self, opened: Callable[[], Awaitable[Asr]]) -> None:
        self._opened = opened

    async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:
        """Return the words in `speech`; raises why the engine could not be opened."""
        return await (await self._opened()).transcribe(speech, language)

    async def close(self) -> None:
        """Leave the engine to its owner."""


class LazyLlm:
    """Answers once it is open."""

    def __init__(self, opened: Callable[[], Awaitable[Llm]]) -> None:
        self._opened = opened

    async def answer(self, ask: Ask) -> AsyncIterator[Piece]:
        """Stream the answer; raises why the engine could not be opened."""
        async with flowing((await self._opened()).answer(ask)) as pieces:
            async for piece in pieces:
                yield piece

    async def close(self) -> None:
        """Leave the engine to its owner."""


class LazyTts:
    """Speaks once it is open, with the voice that is its own."""

    def __init__(self, opened: Callable[[], Awaitable[Tts]]) -> None:
        self._opened = opened

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        """Stream the spoken text; raises why the engine could not be opened."""
        async with flowing((await self._opened()).speak(saying)) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        """Leave the engine to its owner."""


class LazyEmbedder:
    """Places texts once it is open."""

    def __init__(self, opened: Callable[[], Awaitable[Embedder]]) -> None:
        self._opened = opened

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector for each text; raises why the engine could not be opened."""
        return await (await self._opened()).embed(texts)

    async def close(self) -> None:
        """Leave the engine to its owner."""
