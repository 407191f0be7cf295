"""Engines that try several in turn: the first that can, answers."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

from core_pipeline.engines.wrap.flowing import flowing
from errors import Impossible, NeedsOwner, Retryable, SawtakError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from core_pipeline.contracts.engines import Ask, Asr, Llm, Pcm, Piece, Saying, Speech, Transcript, Tts

log = logging.getLogger(__name__)

Engine = TypeVar("Engine")
Part = TypeVar("Part")
FAILURES = (Retryable, NeedsOwner, Impossible)


def _noted(error: SawtakError, engine: object) -> SawtakError:
    log.warning("engine %s failed with %s; trying the next", type(engine).__name__, error.code)
    return error


def _nobody() -> SawtakError:
    return NeedsOwner("no-engine", "no engine is set for this language")


async def _first_to_begin(
    engines: Sequence[Engine], stream: Callable[[Engine], AsyncIterator[Part]], told: Callable[[Engine], None]
) -> AsyncIterator[Part]:
    """Stream from the first engine that yields a first piece, which is told; after that there is no way back."""
    last = _nobody()
    for engine in engines:
        begun = False
        try:
            async with flowing(stream(engine)) as pieces:
                async for piece in pieces:
                    if not begun:
                        told(engine)
                    begun = True
                    yield piece
        except FAILURES as error:
            if begun:
                raise
            last = _noted(error, engine)
        else:
            return
    raise last


class FallbackAsr:
    """Hears with the first engine that works."""

    def __init__(self, engines: Sequence[Asr]) -> None:
        self.engines = engines

    async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:
        """Return the words in `speech`; the last engine's error when none could hear."""
        last = _nobody()
        for engine in self.engines:
            try:
                return await engine.transcribe(speech, language)
            except FAILURES as error:
                last = _noted(error, engine)
        raise last

    async def close(self) -> None:
        """Leave the wrapped engines to their owner."""


class FallbackLlm:
    """Answers with the first engine that begins to, which is then `served`."""

    def __init__(self, engines: Sequence[Llm]) -> None:
        self.engines = engines
        self.served: Llm | None = None

    def answer(self, ask: Ask) -> AsyncIterator[Piece]:
        """Stream the answer; the last engine's error when none began one."""
        return _first_to_begin(self.engines, lambda engine: engine.answer(ask), self._told)

    async def close(self) -> None:
        """Leave the wrapped engines to their owner."""

    def _told(self, engine: Llm) -> None:
        self.served = engine


class FallbackTts:
    """Speaks with the first engine that begins to, which is then `served`."""

    def __init__(self, engines: Sequence[Tts]) -> None:
        self.engines = engines
        self.served: Tts | None = None

    def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        """Stream the spoken text; the last engine's error when none began to speak."""
        return _first_to_begin(self.engines, lambda engine: engine.speak(saying), self._told)

    async def close(self) -> None:
        """Leave the wrapped engines to their owner."""

    def _told(self, engine: Tts) -> None:
        self.served = engine
