"""What a worker does for each verb: a request understood, the engine set to work, its parts as bytes."""

from __future__ import annotations

import contextlib
import io
import json
import wave
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from core_pipeline.contracts.engines import Asr, Embedder, Llm, Pcm, Saying, Speaker, Tts
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.worker import wire
from core_pipeline.engines.worker.faults import fault
from core_pipeline.engines.worker.frames import Frame, Type
from errors import Impossible, SawtakError

T = TypeVar("T")
Work = AsyncGenerator[bytes, None]
_MOST_TEXTS = 4096
_STEPS = 64  # of the curve of likeness


class Maker(Protocol):
    """Makes one file out of others: a film of a face that speaks, a larger picture."""

    def make(self, order: Mapping[str, Any], files: Mapping[str, Path]) -> AsyncIterator[Progress | bytes]:
        """Stream the made file in order, with how far it has got in between; `files` are gone afterwards."""

    async def close(self) -> None:
        """Release everything."""


def speech_of(data: bytes, media_type: str, rate: str | None) -> Pcm:
    """Return the sound of a request: mono 16-bit, as `audio/pcm` with its rate or as `audio/wav`."""
    if media_type == "audio/wav":
        return _wav(data)
    if media_type != "audio/pcm" or rate is None or not rate.isascii() or not rate.isdigit() or int(rate) <= 0:
        raise Impossible("bad-request", "send audio/pcm with ?rate=, or audio/wav")
    if len(data) % 2:
        raise Impossible("bad-request", "half a sample at the end")
    return Pcm(data, int(rate))


def _wav(data: bytes) -> Pcm:
    try:
        with wave.open(io.BytesIO(data)) as file:
            if file.getnchannels() != 1 or file.getsampwidth() != 2:
                raise Impossible("bad-request", "a wav file must be mono and 16-bit")
            return Pcm(file.readframes(file.getnframes()), file.getframerate())
    except (wave.Error, EOFError):
        raise Impossible("bad-request", "this is no wav file") from None


async def transcribe(engine: Asr, speech: Pcm, language: str | None) -> Work:
    """Hear."""
    yield _json(wire.told(await engine.transcribe(speech, language)))


async def embed(engine: Embedder, texts: Sequence[str]) -> Work:
    """Place texts."""
    if len(texts) > _MOST_TEXTS:
        raise Impossible("bad-request", f"more than {_MOST_TEXTS} texts")
    yield _json({"vectors": await engine.embed(texts)})


async def voiceprint(engine: Speaker, speech: Pcm) -> Work:
    """Take a voiceprint; with it goes the engine's likeness as a curve over the cosine of two prints."""
    yield _json({"print": await engine.voiceprint(speech), "curve": curve(engine)})


def curve(engine: Speaker) -> list[float]:
    """Return the likeness of two prints by cosine, -1 … 1 in even steps; empty when it looks at more than that."""
    cosines = [2 * step / _STEPS - 1 for step in range(_STEPS + 1)]
    try:
        return [engine.likeness([1.0, 0.0], [cosine, max(0.0, 1 - cosine**2) ** 0.5]) for cosine in cosines]
    except (SawtakError, ValueError):
        return []


async def speak(engine: Tts, saying: Saying) -> Work:
    """Speak."""
    async with flowing(engine.speak(saying)) as parts:
        async for part in parts:
            yield Frame(Type.PART, *wire.speech_told(part)).pack()


async def answer(engine: Llm, ask: Any) -> Work:
    """Answer."""
    async with flowing(engine.answer(wire.ask_from(ask))) as pieces:
        async for piece in pieces:
            yield Frame(Type.PART, wire.piece_told(piece)).pack()


async def make(engine: Maker, order: Mapping[str, Any], files: Mapping[str, Path]) -> Work:
    """Make a file."""
    async with flowing(engine.make(order, files)) as parts:
        async for part in parts:
            if isinstance(part, Progress):
                yield Frame(Type.PROGRESS, wire.told(part)).pack()
            else:
                yield Frame(Type.PART, body=part).pack()


@contextlib.asynccontextmanager
async def flowing(parts: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    """Iterate for the block; whatever way it is left, the stream's own clean-up has run afterwards."""
    try:
        yield parts
    finally:
        if close := getattr(parts, "aclose", None):
            await close()


def end() -> bytes:
    """The last frame of a whole stream."""
    return Frame(Type.END).pack()


def failed(error: SawtakError) -> bytes:
    """The last frame of a stream that broke off."""
    return Frame(Type.ERROR, fault(error)).pack()


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
