"""A vendor and engines of paper: they do what a test tells them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from core_pipeline.contracts.channel import Limits, VoiceFormat, WebhookRequest
from core_pipeline.contracts.engines import Ask, Pcm, Piece, Saying, Speech, Transcript
from core_pipeline.contracts.faces import Clip, Scene, Shape
from core_pipeline.contracts.messages import (
    Inbound,
    MediaRef,
    Receipt,
    Reply,
    ReplyKind,
)
from core_pipeline.engines.router import For
from core_pipeline.media.film.reel import Reel

OGG = VoiceFormat("ogg", "libopus", 48000, 24000, "audio/ogg; codecs=opus")
Trouble = Callable[[Reply], BaseException | None]


@dataclass
class PaperChannel:
    """Records what it is asked to send; `trouble` decides what goes wrong, `landed` what arrived all the same."""

    limits: Limits
    sent: list[Reply] = field(default_factory=list)
    busy_calls: list[ReplyKind] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    trouble: Trouble = lambda _: None

    def verify(self, request: WebhookRequest) -> str | None:
        return None

    def read(self, request: WebhookRequest) -> list[Inbound | Receipt]:
        return []

    async def fetch(self, media: MediaRef) -> AsyncIterator[bytes]:
        yield self.files[media.id]

    async def send(self, reply: Reply) -> str:
        error = self.trouble(reply)
        if error is None or getattr(error, "landed", False):
            self.sent.append(reply)
        if error is not None:
            raise error
        return f"out-{len(self.sent)}"

    async def busy(self, address: Mapping[str, Any], kind: ReplyKind, message_id: str) -> None:
        self.busy_calls.append(kind)

    async def install(self, url: str) -> None:
        return None

    async def listen(self) -> AsyncIterator[list[Inbound | Receipt]]:
        yield []


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class PaperEngines:
    """Hears the bytes as text, answers by echo, speaks silence; each may be told to fail."""

    fail: dict[str, list[BaseException]] = field(default_factory=dict)
    confidence: float = 0.9
    asked: list[Ask] = field(default_factory=list)
    hang: int = 0
    queue: float = 0.0
    scenes: list[Scene] = field(default_factory=list)
    drawing: asyncio.Event = field(default_factory=_set)

    def _maybe(self, kind: str) -> None:
        if self.fail.get(kind):
            raise self.fail[kind].pop(0)

    async def asr(self, language: str | None, order: For, voice: object = None) -> PaperEngines:
        return self

    llm = tts = asr

    async def video(self, faces: str, language: str, order: For) -> PaperMakers:
        return PaperMakers(self, order)

    async def upscaler(self, order: For) -> PaperMakers:
        return PaperMakers(self, order)

    def wait(self, faces: str) -> float:
        return self.queue

    async def summariser(self, language: str, order: For) -> None:
        return None

    async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:
        self._maybe("asr")
        if self.hang:
            self.hang -= 1
            await asyncio.sleep(60)
        return Transcript(speech.data.decode().strip(), "ar", self.confidence)

    async def answer(self, ask: Ask) -> AsyncIterator[Piece]:
        self._maybe("llm")
        self.asked.append(ask)
        yield f"[{ask.question}]"

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        self._maybe("tts")
        yield Speech(Pcm(b"\0\1" * 8000, 16000))

    async def close(self) -> None:
        return None


@dataclass
class PaperMakers:
    """Draws one colour a scene, told by its sound; larger pictures are drawn as large ones."""

    engines: PaperEngines
    order: For
    served: object = field(default_factory=lambda: SimpleNamespace(hosted=False, captions=True))

    async def animated(self, scene: Scene, told: Callable[[int], None]) -> Clip:
        self.engines.scenes.append(scene)
        await self.engines.drawing.wait()
        self.engines._maybe("video")
        told(scene.frames)
        with self.order.ledger.timed("animate", "paper", "second") as use:
            use.units = scene.speech.seconds
        return coloured(scene.shape, scene.frames, scene.speech.data[1])

    async def upscaled(self, clip: Clip, shape: Shape) -> Clip:
        return coloured(shape, clip.frames, 0)


def coloured(shape: Shape, frames: int, red: int) -> Clip:
    """A clip of one colour."""
    reel = Reel(shape)
    for _ in range(frames):
        reel.add(bytes((red, 90, 40, 255)) * (shape.width * shape.height))
    return Clip(reel.end(), shape, frames)


class PaperSandbox:
    """Takes the file's bytes for samples."""

    async def decode(self, data: bytes) -> Pcm:
        return Pcm(data + b" " * (len(data) % 2), 16000)
