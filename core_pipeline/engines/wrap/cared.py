"""Engines under care: every use of the engine goes through one or more cares, whatever its verb is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from core_pipeline.contracts.engines import Ask, Asr, Embedder, Llm, Pcm, Piece, Saying, Speech, Transcript, Tts

Part = TypeVar("Part")


class Care(Protocol):
    """Looks after one use of an engine; a verb that does not stream is a stream of one piece."""

    def stream(self, begin: Callable[[], AsyncIterator[Part]]) -> AsyncIterator[Part]:
        """Stream what `begin()` streams, or raise what the next care or the caller can handle."""


def streamed(cares: Sequence[Care], begin: Callable[[], AsyncIterator[Part]]) -> AsyncIterator[Part]:
    """Stream under all cares, the first of them outermost."""
    for care in reversed(cares):
        begin = partial(care.stream, begin)
    return begin()


async def called(cares: Sequence[Care], work: Callable[[], Awaitable[Part]]) -> Part:
    """Return what `work()` gives, under all cares."""

    async def once() -> AsyncIterator[Part]:
        yield await work()

    found = [piece async for piece in streamed(cares, once)]
    return found[0]


class CaredAsr:
    """Hears under care."""

    def __init__(self, inner: Asr, *cares: Care) -> None:
        self.inner, self.cares = inner, cares

    async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:
        """Return the words in `speech`."""
        return await called(self.cares, lambda: self.inner.transcribe(speech, language))

    async def close(self) -> None:
        """Leave the wrapped engine to its owner."""


class CaredLlm:
    """Answers under care."""

    def __init__(self, inner: Llm, *cares: Care) -> None:
        self.inner, self.cares = inner, cares

    def answer(self, ask: Ask) -> AsyncIterator[Piece]:
        """Stream the answer."""
        return streamed(self.cares, lambda: self.inner.answer(ask))

    async def close(self) -> None:
        """Leave the wrapped engine to its owner."""


class CaredTts:
    """Speaks under care."""

    def __init__(self, inner: Tts, *cares: Care) -> None:
        self.inner, self.cares = inner, cares

    def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        """Stream the spoken text."""
        return streamed(self.cares, lambda: self.inner.speak(saying))

    async def close(self) -> None:
        """Leave the wrapped engine to its owner."""


class CaredEmbedder:
    """Places texts under care."""

    def __init__(self, inner: Embedder, *cares: Care) -> None:
        self.inner, self.cares = inner, cares

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector for each text."""
        return await called(self.cares, lambda: self.inner.embed(texts))

    async def close(self) -> None:
        """Leave the wrapped engine to its owner."""
