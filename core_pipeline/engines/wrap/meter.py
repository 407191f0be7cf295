"""Engines that note what the wrapped engine took."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

from core_pipeline.contracts.engines import Ask, Asr, Llm, Pcm, Piece, Saying, Speech, Transcript, Tts, Usage
from core_pipeline.contracts.specs import EngineSpec
from core_pipeline.engines.wrap.flowing import flowing

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

    def note(self, stage: str, seconds: float) -> None:
        """Keep a time that was taken elsewhere, which costs nothing."""
        self.bills.append(Bill(stage, None, round(seconds * 1000, 1), 0.0, None, 0))

    @contextmanager
    def timed(self, stage: str, engine: str | None = None, unit: str | None = None) -> Iterator[Use]:
        """Bill the time of the block, with the units and cost that it notes; a failed block is billed none."""
        start, use = perf_counter(), Use()
        try:
            yield use
        except BaseException:
            use.units, use.cost = 0.0, 0.0
            raise
        finally:
            ms = (perf_counter() - start) * 1000
            self.bills.append(Bill(stage, engine, round(ms, 1), round(use.units, 2), unit, round(use.cost)))


@dataclass
class Use:
    """What a timed block used up: units, and cost in millionths of a US dollar."""

    units: float = 0.0
    cost: float = 0.0


@dataclass(frozen=True)
class Tariff:
    """How an engine under its configuration is billed."""

    spec: EngineSpec[Any]
    config: Any

    @contextmanager
    def timed(self, stage: str, ledger: Ledger) -> Iterator[Use]:
        """Bill the block to the engine; units that are noted without a cost cost the engine's price."""
        with ledger.timed(stage, self.spec.name, self.spec.unit) as use:
            yield use
            use.cost = use.cost or use.units * self.spec.price(self.config)


class MeteredAsr:
    """Hears and notes seconds of speech."""

    def __init__(self, inner: Asr, tariff: Tariff, ledger: Ledger) -> None:
        self.inner, self.tariff, self.ledger = inner, tariff, ledger

    async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:
        """Return the words in `speech`."""
        with self.tariff.timed("transcribe", self.ledger) as use:
            heard = await self.inner.transcribe(speech, language)
            use.units = speech.seconds
            return heard

    async def close(self) -> None:
        """Leave the wrapped engine to its owner."""


class MeteredLlm:
    """Answers and notes the tokens that the engine says it used, else one answer."""

    def __init__(self, inner: Llm, tariff: Tariff, ledger: Ledger) -> None:
        self.inner, self.tariff, self.ledger = inner, tariff, ledger

    async def answer(self, ask: Ask) -> AsyncIterator[Piece]:
        """Stream the answer."""
        with self.tariff.timed("answer", self.ledger) as use:
            async with flowing(self.inner.answer(ask)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Usage):
                        use.units += piece.read + piece.written
                        use.cost += piece.cost
                    yield piece
            if self.tariff.spec.unit == "answer":
                use.units = 1.0

    async def close(self) -> None:
        """Leave the wrapped engine to its owner."""


class MeteredTts:
    """Speaks and notes the characters spoken."""

    def __init__(self, inner: Tts, tariff: Tariff, ledger: Ledger) -> None:
        self.inner, self.tariff, self.ledger = inner, tariff, ledger

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        """Stream the spoken text."""
        with self.tariff.timed("speak", self.ledger) as use:
            async with flowing(self.inner.speak(saying)) as parts:
                async for part in parts:
                    yield part
            use.units = float(len(saying.text))

    async def close(self) -> None:
        """Leave the wrapped engine to its owner."""
