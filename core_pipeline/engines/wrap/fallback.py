"""Engines that try several in turn: the first that can, answers."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from errors import Impossible, NeedsOwner, Retryable, SawtakError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from core_pipeline.contracts.engines import Ask, Asr, Llm, Pcm, Saying, Speech, Transcript, Tts

log = logging.getLogger(__name__)


def _next(error: SawtakError, engine: object) -> SawtakError:
    log.warning("engine %s failed with %s; trying the next", type(engine).__name__, error.code)
    return error


def _nobody() -> SawtakError:
    return NeedsOwner("no-engine", "no engine is set for this language")


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
            except (Retryable, NeedsOwner, Impossible) as error:
                last = _next(error, engine)
        raise last

    async def close(self) -> None:
        """Leave the wrapped engines to their owner."""


class FallbackLlm:
    """Answers with the first engine that gives a first piece; after that there is no way back."""

    def __init__(self, engines: Sequence[Llm]) -> None:
        self.engines = engines

    async def answer(self, ask: Ask) -> AsyncIterator[str]:
        """Stream the answer; the last engine's error when none began one."""
        last = _nobody()
        for engine in self.engines:
            begun = False
            try:
                async for piece in engine.answer(ask):
                    begun = True
                    yield piece
            except (Retryable, NeedsOwner, Impossible) as error:
                if begun:
                    raise
                last = _next(error, engine)
            else:
                return
        raise last

    async def close(self) -> None:
        """Leave the wrapped engines to their owner."""


class FallbackTts:
    """Speaks with the first engine that yields a first part; after that there is no way back."""

    def __init__(self, engines: Sequence[Tts]) -> None:
        self.engines = engines

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        """Stream the spoken text; the last engine's error when none began to speak."""
        last = _nobody()
        for engine in self.engines:
            begun = False
            try:
                async for part in engine.speak(saying):
                    begun = True
                    yield part
            except (Retryable, NeedsOwner, Impossible) as error:
                if begun:
                    raise
                last = _next(error, engine)
            else:
                return
        raise last

    async def close(self) -> None:
        """Leave the wrapped engines to their owner."""
