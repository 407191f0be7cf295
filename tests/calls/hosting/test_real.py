"""The demo restaurant in a call with the real embedded engines: heard, found, spoken, put through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from core_pipeline.calls.host import Minutes, Say, Transfer
from core_pipeline.calls.hosting import CallHost, host_for
from core_pipeline.calls.lobby import Lobby
from core_pipeline.contracts.engines import Pcm, Saying
from core_pipeline.contracts.phrases import READY
from core_pipeline.engines.router import Engines
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.knowledge.shelf import Shelf
from core_pipeline.media.pcm import join, resample
from tenants import demo
from tenants.blobs import Blobs
from tenants.models import Tenant, Turn, TurnStage
from tenants.seed import seed
from tests.calls.hosting.stage import make_call
from tests.conftest import Floor
from tests.factories import bench, make_account, make_conversation

EMBEDDED = {"asr": "demo", "llm": "knowledge", "tts": "espeak"}


@pytest.fixture
async def lobby(sqlite_database: Floor, tmp_path: Path) -> AsyncIterator[Lobby]:
    await seed(sqlite_database.db, demo.load())
    tools = bench(tmp_path)
    engines, shelf = Engines(EMBEDDED, tools), Shelf(sqlite_database.db)
    yield Lobby(sqlite_database.db, Blobs(f"file://{tmp_path}/blobs"), engines, shelf)
    await shelf.close()
    await engines.close()
    await tools.http.aclose()


@pytest.fixture
async def caller() -> AsyncIterator[EspeakTts]:
    voice = EspeakTts(EspeakConfig())
    yield voice
    await voice.close()


async def begin(lobby: Lobby, floor: Floor) -> CallHost:
    async with floor.db.platform() as session:
        tenant = (await session.scalars(select(Tenant))).one()
        tenant.policy = {**tenant.policy, "calls": {"person": "+201000000000"}}
    conversation = await make_conversation(floor.db, await make_account(floor.db, tenant, channel="paper"))
    host, manner = await host_for(lobby, await make_call(floor, conversation))
    assert manner.language == "ar"
    return host


async def asks(host: CallHost, caller: EspeakTts, turn: int, text: str) -> tuple[Minutes, list[object]]:
    """Say it over the telephone, and have the answer spoken."""
    spoken = join([part.pcm async for part in caller.speak(Saying(text, "ar"))])
    minutes = Minutes(turn, speech=resample(spoken, 8000))
    assert minutes.speech is not None
    minutes.heard = await host.hear(minutes.speech)
    steps: list[object] = []
    async for step in host.answer(minutes):
        steps.append(step)
        if isinstance(step, Say):
            sound = [part.pcm async for part in host.speak(step)]
            assert join(sound).seconds > 0.4
    await host.wrote(minutes)
    return minutes, steps


async def test_an_arabic_call(lobby: Lobby, sqlite_database: Floor, caller: EspeakTts) -> None:
    host = await begin(lobby, sqlite_database)
    minutes, steps = await asks(host, caller, 1, "ما هي ساعات العمل يوم الجمعة")
    assert minutes.heard is not None
    assert "الجمعة" in minutes.heard.text
    assert "الجمعة" in " ".join(step.text for step in steps if isinstance(step, Say))
    _, steps = await asks(host, caller, 2, "أريد أن أكلم موظف")
    assert steps[-1] == Transfer("+201000000000")
    async with sqlite_database.db.platform(reads=True) as session:
        turns = (await session.scalars(select(Turn).order_by(Turn.id))).all()
        stages = (await session.scalars(select(TurnStage))).all()
    assert [turn.note for turn in turns] == [None, "handoff"]
    assert turns[0].citations
    assert {"transcribe", "recall", "answer", "speak"} <= {stage.name for stage in stages}


async def test_many_calls_at_once_hear_what_each_said(lobby: Lobby, sqlite_database: Floor, caller: EspeakTts) -> None:
    hosts = [await begin(lobby, sqlite_database) for _ in range(4)]
    said = ["ما هي ساعات العمل يوم الجمعة", "كم سعر شاورما دجاج", "هل عندكم توصيل", "أين يقع المطعم"]
    spoken = [join([part.pcm async for part in caller.speak(Saying(text, "ar"))]) for text in said]
    lines = [Pcm(one.data, one.sample_rate) for one in spoken]
    heard = await asyncio.gather(*(host.hear(line) for host, line in zip(hosts, lines, strict=True)))
    for one, text in zip(heard, ("الجمعة", "شاورما", "توصيل", "المطعم"), strict=True):
        assert text in one.text
    greeting = Say(READY["moment"]["ar"], "ar")
    first = [part async for part in hosts[0].speak(greeting)]
    [again] = [part async for part in hosts[1].speak(greeting)]
    assert again.pcm.data == b"".join(part.pcm.data for part in first)
