"""Callers break in at any moment: nothing keeps running, nothing is left half done, the databases stay usable."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from core_pipeline.calls.host import Heard, Line, Minutes, Say
from core_pipeline.calls.hosting import host_for
from core_pipeline.calls.lobby import Share
from core_pipeline.contracts.messages import Kind
from core_pipeline.contracts.specs import Priority
from core_pipeline.engines.fair import FairGate
from core_pipeline.engines.wrap.flowing import flowing
from core_pipeline.media.sandbox import Sandbox
from errors import Impossible
from tenants.db import Database
from tenants.models import Call, Message, Turn
from tests.calls.hosting.stage import SECOND, Stage, staged, texts
from tests.conftest import Floor
from tests.factories import make_entry

QUESTION = "ما هي ساعات عمل المطعم"


@pytest.fixture
async def stage(database: Floor, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(database, tmp_path, answerable=0.1) as ready:
        await make_entry(database.db, ready.tenant, language="ar", question=QUESTION, answer="من العاشرة إلى التاسعة")
        yield ready


async def test_who_stops_listening_stops_the_thinking(stage: Stage) -> None:
    stage.engines.thinking.clear()
    stage.engines.script = [["We open at ten in the morning. ", "We close at nine in the evening."]]
    minutes = Minutes(1, Heard(QUESTION, "ar"), SECOND)
    async with flowing(stage.host.answer(minutes)) as answer:
        first = await anext(answer)
        assert isinstance(first, Say)
        await stage.engines.reached.wait()
    assert stage.engines.left.is_set()


async def test_breaking_in_anywhere_harms_nothing(stage: Stage) -> None:
    """Cancel the answer after ever more steps of the loop, so that it is hit in search, in the database, in thought."""
    chance = random.Random(7)  # noqa: S311 - the same moments each time
    for number in range(1, 40):
        minutes = Minutes(number, Heard(f"{QUESTION} {number}", "ar"), SECOND)

        async def listen(minutes: Minutes = minutes) -> None:
            async with flowing(stage.host.answer(minutes)) as answer:
                async for step in answer:
                    assert isinstance(step, Say)
                    minutes.lines.append(Line(step.text, step.language, heard=True))

        listening = asyncio.create_task(listen())
        await asyncio.sleep(chance.random() * 0.02)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        minutes.broken_into = True
        await stage.host.wrote(minutes)
    stage.turn = 40
    assert texts(await stage.says(QUESTION)) == [f"[{QUESTION}]"]
    assert len(await stage.rows(Turn)) == 40
    # Every connection came back, and no unit of work was left open: many can write at once.
    async with asyncio.timeout(30):
        await asyncio.gather(*(_write(stage.floor.db, stage) for _ in range(12)))


async def _write(db: Database, stage: Stage) -> None:
    async with db.tenant(stage.tenant.id) as session:
        (await session.get_one(Call, stage.call_id)).reason = "written"


async def test_hearing_may_be_cancelled(stage: Stage) -> None:
    stage.engines.hang = 1
    hearing = asyncio.create_task(stage.hears(QUESTION))
    while not stage.engines.orders or stage.engines.hang:
        await asyncio.sleep(0)
    hearing.cancel()
    with suppress(asyncio.CancelledError):
        await hearing
    assert hearing.cancelled()
    heard = await stage.hears(QUESTION)
    assert (heard.text, heard.language, heard.confidence) == (QUESTION, "ar", 0.9)
    assert all(order.priority is Priority.CALL for order in stage.engines.orders)


async def test_what_could_not_be_written_is_written_at_the_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failing = [OperationalError("INSERT", {}, Exception("disk"))]
    real = Database.tenant

    def tenant(self: Database, tenant_id: str, *, reads: bool = False) -> Any:
        if not reads and failing:
            raise failing.pop()
        return real(self, tenant_id, reads=reads)

    monkeypatch.setattr(Database, "tenant", tenant)
    assert texts(await stage.says(QUESTION)) == [f"[{QUESTION}]"]
    assert await stage.rows(Turn) == []
    assert "is not written" in caplog.text
    assert QUESTION not in caplog.text
    await stage.hangs_up()
    assert [turn.heard for turn in await stage.rows(Turn)] == [QUESTION]


async def test_minutes_that_come_twice_are_kept_once(stage: Stage) -> None:
    await stage.says(QUESTION)
    stage.turn = 0
    await stage.says(QUESTION)
    assert len(await stage.rows(Turn)) == 1
    assert [message.kind for message in await stage.rows(Message)] == [Kind.VOICE, "voice"]


@pytest.mark.parametrize(("reason", "state"), [("caller", "ended"), ("dropped", "dropped"), ("broke", "dropped")])
async def test_the_end_is_kept_with_its_recording(
    sqlite_database: Floor, tmp_path: Path, reason: str, state: str
) -> None:
    async with staged(sqlite_database, tmp_path) as stage:
        loud = b"\x00\x20\x00\xe0" * 4000  # the caller to the left, we to the right
        call = await stage.hangs_up(reason, loud * 5)
        assert (call.state, call.reason, call.language) == (state, reason, "ar")
        assert call.metrics == {"underruns": 0.0, "seconds": 12.5}
        assert call.ended_at is not None
        assert call.recording is not None
        data = await stage.lobby.blobs.get(stage.tenant.id, call.recording)
        assert data[:4] == b"OggS"
        async with Sandbox() as sandbox:
            heard = await sandbox.decode(data)
        assert heard.seconds == pytest.approx(2.5, abs=0.1)
        assert (await stage.hangs_up("silence")).reason == reason


async def test_one_business_takes_no_more_than_its_share() -> None:
    gate = FairGate(1)
    crowd, shop, vendor = (
        Share(gate, name, here)
        for name, here in (("crowd", frozenset({"asr"})), ("shop", frozenset({"asr"})), ("crowd", frozenset({"tts"})))
    )
    order: list[str] = []

    async def work(share: Share) -> None:
        async with share.place("asr"):
            order.append(share.tenant_id)
            await asyncio.sleep(0)

    async with crowd.place("asr"):
        waiting = [asyncio.create_task(work(one)) for one in (crowd, crowd, crowd, shop)]
        await asyncio.sleep(0)
        async with vendor.place("asr"):  # works elsewhere: waits for nobody
            order.append("elsewhere")
    await asyncio.gather(*waiting)
    assert order == ["elsewhere", "crowd", "shop", "crowd", "crowd"]


async def test_a_call_that_is_not_there(stage: Stage) -> None:
    with pytest.raises(Impossible, match="call-missing"):
        await host_for(stage.lobby, "nobody")
