"""An engine of every kind whose work is told by its input, and which notes in a file what it did.

The script is the text of the saying or the question: "parts N SECONDS" yields N parts with a pause after each;
"raise KIND" raises; "late KIND" raises after the first part. `python -m tests.worker.puppet` serves it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from core_pipeline.contracts.engines import (
    Ask,
    Cited,
    Passage,
    Pcm,
    Piece,
    Saying,
    Speech,
    ToolCall,
    Transcript,
    Usage,
    Word,
)
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.worker.server import About
from core_pipeline.engines.worker.standalone import Loaded, run
from errors import Impossible, NeedsOwner, Retryable

ERRORS: dict[str, Exception] = {
    "retryable": Retryable("busy", "come again", after=7.5, landed=True),
    "needs_owner": NeedsOwner("no-weights", "put them there"),
    "impossible": Impossible("too-long", "say less"),
    "bug": ZeroDivisionError("secret words"),
}
ABOUT = About("puppet", "3", ("ar", "en"), clones=True, sample_rate=16_000)
PROGRESS = Progress("frames", 1, 2)


class Puppet:
    """Every kind of engine in one."""

    def __init__(self, notes: Path) -> None:
        self._notes = notes

    async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:
        async for _ in self._act(speech.data.rstrip(b"\0").decode()):
            pass
        word = Word("نعم", 0.25, speech.seconds, 0.5)
        return Transcript(f"{len(speech.data)} {speech.sample_rate}", language or "ar", 0.75, (word,))

    async def answer(self, ask: Ask) -> AsyncIterator[Piece]:
        if ask.question == "all":
            call = ToolCall("1", "order_status", {"order": 7, "urgent": True})
            for piece in (
                "نعم، ",
                f"{ask.passages[0].answer} {ask.facts['city']}",
                Cited(("p1",)),
                Usage(3, 4, 5),
                call,
            ):
                yield piece
        async for number in self._act(ask.question):
            yield str(number)

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        if saying.text == "clone" and saying.clone:
            yield Speech(saying.clone.sample, (Word(saying.clone.text, 0.0, 1.0),))
        async for number in self._act(saying.text):
            yield Speech(Pcm(bytes([number, 0]) * 160, 16_000), (Word("و", number, number + 1.0, 0.5),))

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [[1.0, 0.0] if text else [0.0, 1.0] for text in texts]

    async def voiceprint(self, speech: Pcm) -> list[float]:
        if not speech.data:
            raise Impossible("too-little-speech", "say more")
        return [0.6, 0.8]

    def likeness(self, one: Sequence[float], other: Sequence[float]) -> float:
        cosine = sum(x * y for x, y in zip(one, other, strict=True))
        return (1 + cosine**3) / 2

    async def make(self, order: Mapping[str, Any], files: Mapping[str, Path]) -> AsyncIterator[Progress | bytes]:
        yield PROGRESS
        async for number in self._act(order["script"]):
            yield b"".join(files[name].read_bytes() * number for name in sorted(files))

    async def forget(self, clone_id: str) -> None:
        self._note(f"forgot {clone_id}")

    async def close(self) -> None:
        self._note("closed")

    async def _act(self, script: str) -> AsyncIterator[int]:
        verb, *rest = script.split() or [""]
        if verb == "raise":
            raise ERRORS[rest[0]]
        if verb == "late":
            yield 1
            raise ERRORS[rest[0]]
        if verb == "parts":
            try:
                for number in range(int(rest[0])):
                    self._note(f"part {number}")
                    yield number
                    await asyncio.sleep(float(rest[1]))
            except BaseException:
                self._note("stopped")
                raise

    def _note(self, text: str) -> None:
        with self._notes.open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")


class Config(BaseModel):
    """Where the puppet notes what it did."""

    notes: Path


async def load(config: Config) -> Loaded:
    """The puppet as every kind of engine."""
    puppet = Puppet(config.notes)
    kinds = ("asr", "tts", "llm", "embed", "speaker", "video", "upscale")
    return Loaded(dict.fromkeys(kinds, puppet), ABOUT)


ASK_ALL = Ask("all", "ar", (Passage("p1", "متى؟", "الآن", "ar", 0.9),), facts={"city": "القاهرة"})

if __name__ == "__main__":
    run(Config, load)
