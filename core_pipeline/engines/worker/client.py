"""Engines that work elsewhere: each contract over the protocol of README.md."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import ExitStack, aclosing
from io import BytesIO
from math import sqrt
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from core_pipeline.contracts.engines import Ask, Pcm, Piece, Saying, Speech, Transcript
from core_pipeline.contracts.faces import Clip, Scene, Shape
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.worker import scenes, wire
from core_pipeline.engines.worker.frames import Frame, Type
from core_pipeline.engines.worker.line import Line
from errors import Impossible, NeedsOwner, Retryable

T = TypeVar("T")
_BYTES = "application/octet-stream"


class RemoteAsr:
    """Hears elsewhere."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:
        """Return the words in `speech`; an empty text when there are none."""
        heard = await _sound(self._line, "/transcribe", speech, {"language": language} if language else {})
        return _sensible(wire.transcript_from, heard)

    async def close(self) -> None:
        """Leave the line to its owner."""


class RemoteTts:
    """Speaks elsewhere; the sample of a clone travels when the worker does not know it yet."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def speak(self, saying: Saying) -> AsyncGenerator[Speech, None]:
        """Stream the spoken text in order; leaving the stream stops the worker."""
        known = saying.clone is not None and wire.digest(saying.clone) in self._line.known_clones
        try:
            async with aclosing(self._parts(saying, sample=not known)) as parts:
                async for part in parts:
                    yield part
        except Retryable as error:
            if error.code != "unknown-clone" or not known:
                raise
        else:
            return
        async with aclosing(self._parts(saying, sample=True)) as parts:
            async for part in parts:
                yield part

    async def forget(self, clone_id: str) -> None:
        """Make the worker drop what it keeps of that clone."""
        self._line.known_clones.clear()
        await self._line.forget(clone_id)

    async def close(self) -> None:
        """Leave the line to its owner."""

    async def _parts(self, saying: Saying, *, sample: bool) -> AsyncGenerator[Speech, None]:
        told = wire.saying_told(saying, sample=sample)
        async with aclosing(self._line.stream("/speak", _json(told))) as frames:
            async for frame in frames:
                if saying.clone:
                    self._line.knows(told["clone"]["digest"])
                if frame.type is Type.PART:
                    yield _sensible(_speech, frame)


class RemoteLlm:
    """Answers elsewhere."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def answer(self, ask: Ask) -> AsyncGenerator[Piece, None]:
        """Stream the answer; leaving the stream stops the worker."""
        async with aclosing(self._line.stream("/answer", _json(wire.told(ask)))) as frames:
            async for frame in frames:
                piece = _sensible(wire.piece_from, frame.header) if frame.type is Type.PART else None
                if piece is not None:
                    yield piece

    async def close(self) -> None:
        """Leave the line to its owner."""


class RemoteEmbedder:
    """Places texts elsewhere."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector of unit length for each text."""
        answer = await self._line.whole("/embed", _json({"texts": list(texts)}))
        vectors = _sensible(lambda told: wire.understood(list[list[float]], told["vectors"]), answer)
        if len(vectors) != len(texts):
            raise Retryable("worker-garbled", "not one vector for each text", after=1.0)
        return vectors

    async def close(self) -> None:
        """Leave the line to its owner."""


class RemoteSpeaker:
    """Tells voices apart elsewhere; prints are compared here, by the curve that came with the latest print."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def voiceprint(self, speech: Pcm) -> list[float]:
        """Return what is characteristic of the voice in `speech`."""
        answer = await _sound(self._line, "/voiceprint", speech, {})
        self._line.curve = _sensible(lambda told: wire.understood(list[float], told["curve"]), answer)
        return _sensible(lambda told: wire.understood(list[float], told["print"]), answer)

    def likeness(self, one: Sequence[float], other: Sequence[float]) -> float:
        """Return in 0..1 how surely two prints are of one speaker.

        NeedsOwner before this line's first print, and for an engine that looks at more than the prints' cosine.
        """
        return likeness_by(self._line.curve, one, other)

    async def close(self) -> None:
        """Leave the line to its owner."""


class RemoteMaker:
    """Makes files elsewhere; `path` is the worker's verb, "/animate" or "/upscale"."""

    def __init__(self, line: Line, path: str) -> None:
        self._line, self._path = line, path

    async def make(
        self, order: Mapping[str, Any], files: Mapping[str, Path | bytes]
    ) -> AsyncGenerator[Progress | bytes, None]:
        """Stream the made file in order, with how far it has got in between; leaving the stream stops the worker."""
        with ExitStack() as stack:
            opened = {name: (name, stack.enter_context(_opened(path)), _BYTES) for name, path in files.items()}
            request = {"data": {"order": json.dumps(order)}, "files": opened}
            async with aclosing(self._line.stream(self._path, request)) as frames:
                async for frame in frames:
                    if frame.type is Type.PROGRESS:
                        yield _sensible(lambda told: wire.understood(Progress, told), frame.header)
                    else:
                        yield frame.body

    async def close(self) -> None:
        """Leave the line to its owner."""


class RemoteVideo:
    """Shows a face elsewhere."""

    def __init__(self, line: Line) -> None:
        self._maker = RemoteMaker(line, "/animate")

    async def animate(self, scene: Scene) -> AsyncGenerator[Progress | bytes, None]:
        """Stream the scene's clip; leaving the stream stops the worker."""
        async with aclosing(self._maker.make(*scenes.scene_told(scene))) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        """Leave the line to its owner."""


class RemoteUpscale:
    """Makes pictures larger elsewhere."""

    def __init__(self, line: Line) -> None:
        self._maker = RemoteMaker(line, "/upscale")

    async def upscale(self, clip: Clip, shape: Shape) -> AsyncGenerator[Progress | bytes, None]:
        """Stream the larger clip; leaving the stream stops the worker."""
        async with aclosing(self._maker.make(*scenes.enlarging_told(clip, shape))) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        """Leave the line to its owner."""


def likeness_by(curve: Sequence[float], one: Sequence[float], other: Sequence[float]) -> float:
    """Return the likeness that a worker's curve gives the cosine of two prints; NeedsOwner when it has no curve."""
    if len(curve) < 2:
        raise NeedsOwner("likeness-unknown", "this engine can compare voices only within our own process")
    steps = len(curve) - 1
    place = (_cosine(one, other) + 1) / 2 * steps
    left = min(steps - 1, int(place))
    return curve[left] + (place - left) * (curve[left + 1] - curve[left])


async def _sound(line: Line, path: str, speech: Pcm, params: Mapping[str, str]) -> Any:
    request = {
        "content": speech.data,
        "headers": {"content-type": "audio/pcm"},
        "params": {**params, "rate": str(speech.sample_rate)},
    }
    return await line.whole(path, request)


def _json(told: Any) -> dict[str, Any]:
    return {"json": told}


def _opened(file: Path | bytes) -> BinaryIO:
    return BytesIO(file) if isinstance(file, bytes) else file.open("rb")


def _speech(frame: Frame) -> Speech:
    return wire.speech_from(frame.header, frame.body)


def _sensible(read: Callable[[Any], T], told: Any) -> T:
    """Read what a worker sent; nonsense is to be tried again, for the customer's words are not at fault."""
    try:
        return read(told)
    except (Impossible, KeyError, TypeError, ValueError) as error:
        raise Retryable("worker-garbled", "the worker's answer makes no sense", after=1.0) from error


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    lengths = sqrt(sum(x * x for x in one)) * sqrt(sum(x * x for x in other))
    product = sum(x * y for x, y in zip(one, other, strict=True))
    return max(-1.0, min(1.0, product / lengths)) if lengths else 0.0
