"""An engine of every verb that does what a test tells it, and every way to use it under care."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from core_pipeline.contracts.engines import Ask, Pcm, Saying, Speech, Transcript
from core_pipeline.engines.wrap.cared import Care, CaredAsr, CaredEmbedder, CaredLlm, CaredTts

SECOND = Pcm(bytes(32000), 16000)
Act = BaseException | float | str


class Scripted:
    """Plays one act a use: waits for a number of seconds, raises an error, gives a text (a piece each)."""

    def __init__(self, *uses: Sequence[Act]) -> None:
        self.uses, self.begun, self.left = list(uses), 0, 0

    async def _pieces(self) -> AsyncIterator[str]:
        self.begun += 1
        try:
            for act in self.uses.pop(0) if self.uses else ["fine"]:
                if isinstance(act, BaseException):
                    raise act
                if isinstance(act, str):
                    yield act
                else:
                    await asyncio.sleep(act)
        finally:
            self.left += 1

    async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:
        return Transcript("".join([piece async for piece in self._pieces()]), language or "ar")

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [[float(len(piece))] async for piece in self._pieces()]

    def answer(self, ask: Ask) -> AsyncIterator[str]:
        return self._pieces()

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        async for _ in self._pieces():
            yield Speech(SECOND)

    async def close(self) -> None:
        raise AssertionError


Use = Callable[..., Awaitable[int]]


async def hear(engine: Scripted, *cares: Care) -> int:
    return int(bool((await CaredAsr(engine, *cares).transcribe(SECOND)).text))


async def answer(engine: Scripted, *cares: Care) -> int:
    return len([piece async for piece in CaredLlm(engine, *cares).answer(Ask("?", "ar"))])


async def speak(engine: Scripted, *cares: Care) -> int:
    return len([part async for part in CaredTts(engine, *cares).speak(Saying("x", "ar"))])


async def embed(engine: Scripted, *cares: Care) -> int:
    return len(await CaredEmbedder(engine, *cares).embed(["x"]))


EVERY: tuple[Use, ...] = (hear, answer, speak, embed)
