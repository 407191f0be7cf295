"""Wrappers are engines too: they meter, fall back and pass on what the wrapped engine says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from core_pipeline.contracts.engines import Ask, Asr, Pcm, Piece, Saying, Speech, Transcript, Usage
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.engines.router import Engines, For
from core_pipeline.engines.wrap.fallback import FallbackAsr, FallbackLlm, FallbackTts
from core_pipeline.engines.wrap.meter import Ledger, MeteredAsr, MeteredLlm, MeteredTts, Tariff
from errors import Impossible, NeedsOwner, Retryable, SawtakError
from tests.factories import bench

SECOND = Pcm(bytes(32000), 16000)


class Config(BaseModel):
    """Nothing to set."""


class Scripted:
    """An engine of every kind that says its name, or raises; `late` raises after the first piece."""

    def __init__(self, name: str, error: SawtakError | None = None, late: SawtakError | None = None) -> None:
        self.name, self.error, self.late = name, error, late

    async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:
        if self.error:
            raise self.error
        return Transcript(self.name, language or "ar")

    async def answer(self, ask: Ask) -> AsyncIterator[Piece]:
        if self.error:
            raise self.error
        yield self.name
        if self.late:
            raise self.late

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        if self.error:
            raise self.error
        yield Speech(SECOND)
        if self.late:
            raise self.late

    async def close(self) -> None:
        return None


def tariff(name: str, unit: str, price: float) -> Tariff:
    async def never(config: object, bench: Bench) -> Asr:
        raise AssertionError(name)

    return Tariff(
        EngineSpec("asr", name, {"en": name}, frozenset({"ar"}), Config, unit, never, lambda _: price), Config()
    )


async def test_the_meter_bills_time_units_and_cost() -> None:
    ledger = Ledger()
    await MeteredAsr(Scripted("a"), tariff("a", "second", 7), ledger).transcribe(SECOND)
    asked = [x async for x in MeteredLlm(Scripted("b"), tariff("b", "answer", 50), ledger).answer(Ask("?", "ar"))]
    spoken = MeteredTts(Scripted("c"), tariff("c", "character", 2), ledger)
    assert len([part async for part in spoken.speak(Saying("12345", "ar"))]) == 1
    assert asked == ["b"]
    billed = [(bill.stage, bill.engine, bill.units, bill.unit, bill.cost) for bill in ledger.bills]
    assert billed == [
        ("transcribe", "a", 1.0, "second", 7),
        ("answer", "b", 1.0, "answer", 50),
        ("speak", "c", 5.0, "character", 10),
    ]
    assert all(bill.ms >= 0 for bill in ledger.bills)


async def test_tokens_are_billed_as_the_engine_counts_them() -> None:
    class Counting(Scripted):
        async def answer(self, ask: Ask) -> AsyncIterator[Piece]:
            yield "b"
            yield Usage(90, 10, cost=321)

    ledger = Ledger()
    assert (
        len([x async for x in MeteredLlm(Counting("b"), tariff("b", "token", 9), ledger).answer(Ask("?", "ar"))]) == 2
    )
    assert [(bill.units, bill.cost) for bill in ledger.bills] == [(100.0, 321)]


async def test_a_failed_use_is_billed_its_time_and_no_units() -> None:
    ledger = Ledger()
    with pytest.raises(Retryable):
        await MeteredAsr(Scripted("a", Retryable("busy")), tariff("a", "second", 7), ledger).transcribe(SECOND)
    assert [(bill.units, bill.cost) for bill in ledger.bills] == [(0.0, 0)]


@pytest.mark.parametrize("error", [Retryable("busy"), NeedsOwner("no key"), Impossible("no")])
async def test_the_next_engine_takes_over(error: SawtakError) -> None:
    engines = [Scripted("first", error), Scripted("second")]
    assert (await FallbackAsr(engines).transcribe(SECOND)).text == "second"
    assert [piece async for piece in FallbackLlm(engines).answer(Ask("?", "ar"))] == ["second"]
    assert len([part async for part in FallbackTts(engines).speak(Saying("x", "ar"))]) == 1


async def test_when_all_fail_the_last_error_counts() -> None:
    engines = [Scripted("first", Impossible("one")), Scripted("second", Retryable("two"))]
    with pytest.raises(Retryable, match="two"):
        await FallbackAsr(engines).transcribe(SECOND)
    with pytest.raises(Retryable, match="two"):
        [piece async for piece in FallbackLlm(engines).answer(Ask("?", "ar"))]


async def test_after_the_first_piece_there_is_no_way_back() -> None:
    engines = [Scripted("first", late=Retryable("cut")), Scripted("second")]
    answer = FallbackLlm(engines).answer(Ask("?", "ar"))
    assert await anext(answer) == "first"
    with pytest.raises(Retryable, match="cut"):
        await anext(answer)
    with pytest.raises(Retryable, match="cut"):
        [part async for part in FallbackTts(engines).speak(Saying("x", "ar"))]


async def test_a_reader_who_leaves_closes_the_stream_at_once() -> None:
    closed = []

    class Endless(Scripted):
        async def answer(self, ask: Ask) -> AsyncIterator[Piece]:
            try:
                while True:
                    yield "x"
            finally:
                closed.append(self.name)

    answer = FallbackLlm([MeteredLlm(Endless("a"), tariff("a", "answer", 1), Ledger())]).answer(Ask("?", "ar"))
    assert await anext(answer) == "x"
    await answer.aclose()  # type: ignore[attr-defined]  # a generator, which the contract does not promise
    assert closed == ["a"]


async def test_the_router_refuses_a_language_and_names_who_could(tmp_path: Path) -> None:
    engines = Engines({"asr": "demo"}, bench(tmp_path))
    with pytest.raises(NeedsOwner, match="no asr engine is set for xx"):
        await engines.asr("xx", For(Ledger()))
    with pytest.raises(NeedsOwner, match=r"these could: .*espeak"):
        await engines.tts("ar", For(Ledger()))


def test_the_router_names_the_engines_there_are(tmp_path: Path) -> None:
    with pytest.raises(NeedsOwner, match=r"there are: .*demo"):
        Engines({"asr": "whisperer"}, bench(tmp_path))
