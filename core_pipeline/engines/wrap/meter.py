"""Engines that note what the wrapped engine took."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

from core_pipeline.contracts.engines import Ask, Asr, EngineSpec, Llm, Pcm, Saying, Speech, Transcript, Tts

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Bill:
    """What one use of an engine took: milliseconds, units, millionths of a US dollar."""

    stage: str
    engine: str | None
    ms: float
    units: float
    unit: str | None
    cost: int


@dataclass
class Ledger:
    """Collects the bills of one turn."""

    bills: list[Bill] = field(default_factory=list)

    @contextmanager
    def timed(
        self, stage: str, spec: EngineSpec[Any] | None = None, units: Callable[[], float] = float
    ) -> Iterator[None]:
        """Bill the time of the block, and the units it tells at its end; a failed block is billed no units."""
        start, used = perf_counter(), 0.0
        try:
            yield
            used = units()
        finally:
            ms = (perf_counter() - start) * 1000
            price, unit, name = (spec.price, spec.unit, spec.name) if spec else (0, None, None)
            self.bills.append(Bill(stage, name, round(ms, 1), round(used, 2), unit, round(used * price)))


class MeteredAsr:
    """Hears and notes seconds of speech."""

    def __init__(self, inner: Asr, spec: EngineSpec[Asr], ledger: Ledger) -> None:
        self.inner, self.spec, self.ledger = inner, spec, ledger

    async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:
        """Return the words in `speech`."""
        with self.ledger.timed("transcribe", self.spec, lambda: speech.seconds):
            return await self.inner.transcribe(speech, language)

    async def close(self) -> None:
        """Leave the wrapped engine to its owner."""


class MeteredLlm:
    """Answers and notes one answer."""

    def __init__(self, inner: Llm, spec: EngineSpec[Llm], ledger: Ledger) -> None:
        self.inner, self.spec, self.ledger = inner, spec, ledger

    async def answer(self, ask: Ask) -> AsyncIterator[str]:
        """Stream the answer as text."""
        with self.ledger.timed("answer", self.spec, lambda: 1.0):
            async for piece in self.inner.answer(ask):
                yield piece

    async def close(self) -> None:
        """Leave the wrapped engine to its owner."""


class MeteredTts:
    """Speaks and notes the characters spoken."""

    def __init__(self, inner: Tts, spec: EngineSpec[Tts], ledger: Ledger) -> None:
        self.inner, self.spec, self.ledger = inner, spec, ledger

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        """Stream the spoken text."""
        with self.ledger.timed("speak", self.spec, lambda: float(len(saying.text))):
            async for part in self.inner.speak(saying):
                yield part

    async def close(self) -> None:
        """Leave the wrapped engine to its owner."""
