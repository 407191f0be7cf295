"""The whole platform with a language model on a server: it answers and is billed; when it fails, knowledge answers."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from core_pipeline.contracts.channel import CustomerMessage, Delivery
from core_pipeline.contracts.messages import ReplyKind
from core_pipeline.engines.emulation.faults import Fault
from core_pipeline.engines.emulation.openai_chat import KEY, OpenAiEmulator
from core_pipeline.engines.router import Engines
from tenants.models import Turn, TurnStage, TurnState
from tests.e2e.running import Town, environment, town
from tests.factories import bench
from webhooks.simulate import customer_voice, spec_of

HOURS = "ما هي ساعات العمل يوم الجمعة"
READ, WRITTEN = 2.0, 8.0


@dataclass(frozen=True)
class Answered:
    """What came of a voice note."""

    turn: Turn
    stages: list[TurnStage]
    delivery: Delivery

    @property
    def answers(self) -> list[TurnStage]:
        return [stage for stage in self.stages if stage.name == "answer"]

    def assert_spoken(self) -> None:
        """It is a flawless voice note on Friday's hours that names its source."""
        assert (self.turn.state, self.turn.heard) == (TurnState.ANSWERED, HOURS)
        assert "الجمعة" in (self.turn.answer or "")
        assert len(self.turn.citations) == 1
        assert (self.delivery.kind, self.delivery.faults) == (ReplyKind.VOICE, ())


async def says(place: Town, note: bytes) -> Answered:
    """Send the note as a new customer and wait for what comes of it."""
    before = len(place.emulator.deliveries)
    message = CustomerMessage(f"2011{before:08}", data=note, mime=place.spec.limits.voice.mime)
    turn_id = f"{place.account_id}:{await place.emulator.customer_says(message)}"
    deliveries = await place.emulator.wait_delivery(before + 1, 60)
    async with asyncio.timeout(20):
        while True:
            async with place.floor.db.platform(reads=True) as session:
                turn = await session.get_one(Turn, turn_id)
                rows = await session.scalars(select(TurnStage).where(col(TurnStage.turn_id) == turn_id))
            if turn.state != TurnState.RUNNING:
                return Answered(turn, sorted(rows, key=lambda row: row.part), deliveries[before])
            await asyncio.sleep(0.02)


async def spoken(folder: Path) -> bytes:
    """The question as the customer's voice note."""
    made = bench(folder)
    async with made.http:
        engines = Engines({"tts": "espeak"}, made)
        note = await customer_voice(engines, HOURS, "ar", spec_of("whatsapp").limits.voice)
        await engines.close()
    return note


def set_up(address: str) -> dict[str, str]:
    """The operator's environment: the model's server first, knowledge behind it."""
    of_engine = {
        "BASE_URL": address,
        "API_KEY": KEY,
        "MODEL": "emulated-chat",
        "USD_PER_MILLION_READ": str(READ),
        "USD_PER_MILLION_WRITTEN": str(WRITTEN),
    }
    named = {f"LLM_OPENAI_COMPATIBLE_{name}": value for name, value in of_engine.items()}
    return {**environment(), **named, "ENGINES": json.dumps({"llm": "openai_compatible,knowledge"})}


@pytest.mark.timeout(180)
async def test_a_model_answers_and_knowledge_stands_in_for_it(tmp_path: Path) -> None:
    note, model = await spoken(tmp_path), OpenAiEmulator()
    async with AsyncExitStack() as server:
        address = await server.enter_async_context(model.served())
        async with town("whatsapp", tmp_path / "var", set_up(address), burst_seconds=0.0, cache=False) as place:
            by_the_model(await says(place, note))
            asked = len(model.model.asked)
            model.faults.next(Fault(429, {"retry-after": "30"}), path="/v1/chat/completions")
            by_knowledge(await says(place, note))
            assert len(model.model.asked) == asked
            by_the_model(await says(place, note))
            await server.aclose()
            last = await says(place, note)
            by_knowledge(last)
            told = place.running.log()
            assert "vendor-busy" in told
            assert not any(secret in told for secret in (KEY, str(last.turn.answer)))


def by_the_model(answered: Answered) -> None:
    answered.assert_spoken()
    [bill] = answered.answers
    assert (bill.engine, bill.unit) == ("openai_compatible", "token")
    assert bill.units > 100
    assert READ * bill.units < bill.cost < WRITTEN * bill.units
    assert {"fetch", "decode", "transcribe", "recall", "speak", "encode", "send"} <= {s.name for s in answered.stages}


def by_knowledge(answered: Answered) -> None:
    answered.assert_spoken()
    failed, bill = answered.answers
    assert (failed.engine, failed.units, failed.cost) == ("openai_compatible", 0.0, 0)
    assert (bill.engine, bill.cost) == ("knowledge", 0)
