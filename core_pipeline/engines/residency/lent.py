"""Engines that are lent for the length of one use: each contract, delegated to the process that has the engine."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing

from core_pipeline.contracts.engines import Ask, Pcm, Piece, Saying, Speech, Transcript
from core_pipeline.contracts.faces import Clip, Scene, Shape
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.worker import client
from core_pipeline.engines.worker.ahead import ahead
from core_pipeline.engines.worker.line import Line

Lease = Callable[[], AbstractAsyncContextManager[Line]]


class LentAsr:
    """Hears in its turn."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease

    async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:
        """Return the words in `speech`; an empty text when there are none."""
        async with self._lease() as line:
            return await client.RemoteAsr(line).transcribe(speech, language)

    async def close(self) -> None:
        """Leave the engine to the residency."""


class LentTts:
    """Speaks in its turn."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease

    def speak(self, saying: Saying) -> AsyncGenerator[Speech, None]:
        """Stream the spoken text; the place is given back when all is spoken, heard or not, or the stream is closed."""
        return ahead(self._speak(saying))

    async def _speak(self, saying: Saying) -> AsyncGenerator[Speech, None]:
        async with self._lease() as line, aclosing(client.RemoteTts(line).speak(saying)) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        """Leave the engine to the residency."""


class LentLlm:
    """Answers in its turn."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease

    def answer(self, ask: Ask) -> AsyncGenerator[Piece, None]:
        """Stream the answer; the place is given back when it is complete, read or not, or the stream is closed.

        Else an answer that is spoken as it comes, by an engine for which this one must leave, would wait for ever.
        """
        return ahead(self._answer(ask))

    async def _answer(self, ask: Ask) -> AsyncGenerator[Piece, None]:
        async with self._lease() as line, aclosing(client.RemoteLlm(line).answer(ask)) as pieces:
            async for piece in pieces:
                yield piece

    async def close(self) -> None:
        """Leave the engine to the residency."""


class LentEmbedder:
    """Places texts in its turn."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector of unit length for each text."""
        async with self._lease() as line:
            return await client.RemoteEmbedder(line).embed(texts)

    async def close(self) -> None:
        """Leave the engine to the residency."""


class LentSpeaker:
    """Tells voices apart in its turn."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._curve: list[float] = []

    async def voiceprint(self, speech: Pcm) -> list[float]:
        """Return what is characteristic of the voice in `speech`."""
        async with self._lease() as line:
            found = await client.RemoteSpeaker(line).voiceprint(speech)
            self._curve = line.curve
            return found

    def likeness(self, one: Sequence[float], other: Sequence[float]) -> float:
        """Return in 0..1 how surely two prints are of one speaker; NeedsOwner before this object's first print."""
        return client.likeness_by(self._curve, one, other)

    async def close(self) -> None:
        """Leave the engine to the residency."""


class LentVideo:
    """Shows a face in its turn."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease

    async def animate(self, scene: Scene) -> AsyncGenerator[Progress | bytes, None]:
        """Stream the scene's clip; the place is given back when the stream ends or is closed."""
        async with self._lease() as line, aclosing(client.RemoteVideo(line).animate(scene)) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        """Leave the engine to the residency."""


class LentUpscale:
    """Makes pictures larger in its turn."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease

    async def upscale(self, clip: Clip, shape: Shape) -> AsyncGenerator[Progress | bytes, None]:
        """Stream the larger clip; the place is given back when the stream ends or is closed."""
        async with self._lease() as line, aclosing(client.RemoteUpscale(line).upscale(clip, shape)) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        """Leave the engine to the residency."""
