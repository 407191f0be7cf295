"""Answers are given again to the same question in the same circumstances of the same tenant, and to nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update
from sqlmodel import col

from core_pipeline.answers import (
    NOTE,
    Given,
    Question,
    base_of,
    circumstances_of,
    find,
    keep,
    question_of,
    report,
    sweep,
    used,
)
from errors import Impossible
from tenants import answers as rows
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.knowledge import add
from tenants.models import CachedAnswer, Tenant, Turn, TurnState
from tests.conftest import Floor
from tests.factories import make_account, make_conversation, make_tenant

GIVEN = Given("نفتح الساعة التاسعة.", ("entry-1",))


@dataclass
class Memory:
    """One tenant's memory."""

    db: Database
    blobs: Blobs
    tenant: Tenant

    async def ask(self, heard: str = "متى تفتحون؟", *more: str, talking: bool = False) -> Question:
        async with self.db.tenant(self.tenant.id, reads=True) as session:
            tenant = await session.get_one(Tenant, self.tenant.id)
        question = question_of(tenant.id, heard, "ar", circumstances_of(tenant, *more), talking=talking)
        assert question is not None
        return question

    async def keep(self, question: Question, given: Given = GIVEN) -> str | None:
        async with self.db.tenant(self.tenant.id) as session:
            return await keep(session, question, given)

    async def find(self, question: Question, alike: float = 1.0) -> CachedAnswer | None:
        async with self.db.tenant(self.tenant.id, reads=True) as session:
            return await find(session, question, alike)

    async def change(self, **fields: Any) -> None:
        async with self.db.platform() as session:
            await session.execute(update(Tenant).where(col(Tenant.id) == self.tenant.id).values(**fields))

    async def sweep(self) -> int:
        return await sweep(self.db, self.blobs, self.tenant.id)

    async def count(self) -> int:
        async with self.db.tenant(self.tenant.id, reads=True) as session:
            return await rows.kept(session)


@pytest.fixture
async def memory(database: Floor, tmp_path: Path) -> Memory:
    return Memory(database.db, Blobs(f"file://{tmp_path}/blobs"), await make_tenant(database.db))


async def test_the_same_question_gets_the_same_answer(memory: Memory) -> None:
    question = await memory.ask()
    assert await memory.find(question) is None
    await memory.keep(question, replace(GIVEN, mime="audio/ogg", blob="b", seconds=2.5))
    found = await memory.find(await memory.ask("متى تفتحون"))
    assert found is not None
    assert (found.answer, found.citations) == (GIVEN.text, ["entry-1"])
    assert (found.blob, found.mime, found.seconds) == ("b", "audio/ogg", 2.5)
    assert await memory.find(await memory.ask("متى تغلقون")) is None


async def test_an_exact_hit_is_one_look_at_the_database(memory: Memory) -> None:
    question = await memory.ask()
    await memory.keep(question)
    asked: list[str] = []
    engine = memory.db.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda _c, _k, sql, *_: asked.append(sql))
    assert await memory.find(question, 0.8) is not None
    assert len([sql for sql in asked if "cached_answer" in sql]) == 1


async def test_another_tenant_gets_nothing(memory: Memory) -> None:
    question = await memory.ask()
    await memory.keep(question)
    foreign = await make_tenant(memory.db)
    async with memory.db.tenant(foreign.id) as session:
        for call in (find(session, question), keep(session, question, GIVEN)):
            with pytest.raises(Impossible, match="foreign-question"):
                await call
        stolen = replace(question, tenant_id=foreign.id)
        assert await find(session, stolen, 0.5) is None
        answer = CachedAnswer(
            id="x", tenant_id=foreign.id, key="k", circumstances="c", question="q", language="ar", answer="a"
        )
        await used(session, replace_id(answer, await any_id(memory)))
        assert (await report(session, datetime.min.replace(tzinfo=UTC))).kept == 0
    assert await sweep(memory.db, memory.blobs, foreign.id) == 0
    found = await memory.find(question)
    assert found is not None
    assert found.hits == 0


def replace_id(answer: CachedAnswer, other: str) -> CachedAnswer:
    answer.id = other
    return answer


async def any_id(memory: Memory) -> str:
    async with memory.db.tenant(memory.tenant.id, reads=True) as session:
        return (await rows.questions(session, (await memory.ask()).circumstances, "ar"))[0][0]


@pytest.mark.parametrize(
    "change",
    [
        {"policy": {"persona": {"ar": "مرح"}}},
        {"policy": {"voice": {"ar": "other"}}},
        {"knowledge_version": 7},
        {"name_ar": "اسم جديد"},
    ],
)
async def test_a_change_of_the_tenants_makes_it_think_anew(memory: Memory, change: dict[str, Any]) -> None:
    await memory.keep(await memory.ask())
    await memory.change(**change)
    assert await memory.find(await memory.ask(), 0.5) is None
    assert (await memory.sweep(), await memory.count()) == (1, 0)


async def test_a_change_of_the_knowledge_makes_it_think_anew(memory: Memory) -> None:
    await memory.keep(await memory.ask())
    async with memory.db.tenant(memory.tenant.id) as session:
        await add(session, "f", "ar", "س", "ج")
    assert await memory.find(await memory.ask()) is None


async def test_another_voice_engine_or_format_is_another_answer(memory: Memory) -> None:
    await memory.keep(await memory.ask("متى تفتحون", "voice-a", "ogg"))
    assert await memory.find(await memory.ask("متى تفتحون", "voice-b", "ogg"), 0.5) is None
    assert await memory.find(await memory.ask("متى تفتحون", "voice-a", "mp3"), 0.5) is None
    assert await memory.find(await memory.ask("متى تفتحون", "voice-a", "ogg")) is not None
    assert (await memory.sweep(), await memory.count()) == (0, 1)


async def test_alike_questions_as_far_as_the_tenant_wants(memory: Memory) -> None:
    await memory.keep(await memory.ask("هل عندكم توصيل للمنازل"))
    near = await memory.ask("عندكم توصيل للمنازل")
    assert await memory.find(near) is None
    assert await memory.find(near, 0.99) is None
    assert await memory.find(near, 0.8) is not None
    assert await memory.find(await memory.ask("هل عندكم توصيل للمكاتب"), 0.5) is None


@pytest.mark.parametrize(
    "given",
    [
        Given("", ("e",)),
        Given("لا اعرف", ("e",), sure=False),
        Given("طلبك في الطريق", ("e",), acted=True),
        Given("أهلا!", ()),
        Given("أهلا يا أحمد، نفتح التاسعة", ("e",), facts={"name": "احمد علي", "language": "ar"}),
    ],
)
async def test_what_is_not_for_everybody_is_not_kept(memory: Memory, given: Given) -> None:
    question = await memory.ask()
    assert await memory.keep(question, replace(given, blob="b")) == "b"
    assert await memory.find(question) is None


async def test_what_was_said_in_a_talk_is_not_kept_but_found(memory: Memory) -> None:
    talking = await memory.ask("متى تفتحون", talking=True)
    await memory.keep(talking)
    assert await memory.find(talking) is None
    await memory.keep(await memory.ask("متى تفتحون"))
    assert await memory.find(talking) is not None


async def test_two_who_keep_the_same_at_once(memory: Memory) -> None:
    question = await memory.ask()
    blobs = await asyncio.gather(*(memory.keep(question, replace(GIVEN, blob=f"b{n}")) for n in range(4)))
    found = await memory.find(question)
    assert found is not None
    assert await memory.count() == 1
    assert sorted(blob for blob in blobs if blob) == sorted({"b0", "b1", "b2", "b3"} - {found.blob})


async def test_a_recording_is_added_to_an_answer_kept_without(memory: Memory) -> None:
    question = await memory.ask()
    await memory.keep(question)
    assert await memory.keep(question, replace(GIVEN, text="other", blob="b1")) == "b1"
    assert await memory.keep(question, replace(GIVEN, blob="b2", mime="audio/ogg", seconds=1.0)) is None
    assert await memory.keep(question, replace(GIVEN, blob="b3")) == "b3"
    found = await memory.find(question)
    assert found is not None
    assert (found.blob, found.seconds) == ("b2", 1.0)


async def test_sweeping_deletes_recordings_too(memory: Memory) -> None:
    blob = await memory.blobs.put(memory.tenant.id, "answer", b"sound")
    await memory.keep(await memory.ask(), replace(GIVEN, blob=blob))
    assert await memory.sweep() == 0
    await memory.change(knowledge_version=9)
    assert await memory.sweep() == 1
    with pytest.raises(Impossible, match="blob-missing"):
        await memory.blobs.get(memory.tenant.id, blob)


class BrokenBlobs(Blobs):
    """A store that is down."""

    async def delete(self, tenant_id: str, key: str) -> None:
        raise ConnectionError


async def test_a_sweep_that_breaks_off_is_finished_by_the_next(memory: Memory, tmp_path: Path) -> None:
    blob = await memory.blobs.put(memory.tenant.id, "answer", b"sound")
    question = await memory.ask()
    await memory.keep(question, replace(GIVEN, blob=blob))
    await memory.change(knowledge_version=9)
    with pytest.raises(ConnectionError):
        await sweep(memory.db, BrokenBlobs(f"file://{tmp_path}/blobs"), memory.tenant.id)
    assert (await memory.count(), await memory.find(question)) == (0, None)
    await memory.change(knowledge_version=1)
    await memory.keep(question)
    assert await memory.sweep() == 1
    assert await memory.find(question) is not None


async def test_what_was_not_used_for_long_goes(memory: Memory) -> None:
    await memory.keep(await memory.ask())
    async with memory.db.platform() as session:
        await session.execute(update(CachedAnswer).values(used_at=datetime.now(UTC) - timedelta(days=31)))
    assert await memory.sweep() == 1


async def test_the_memory_is_bounded_and_forgets_what_was_used_longest_ago(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows.retire_oldest, "__defaults__", (3,))
    questions = [await memory.ask(f"سعر الوجبة رقم {number}") for number in range(5)]
    for question in questions[:3]:
        await memory.keep(question)
    first = await memory.find(questions[0])
    assert first is not None
    async with memory.db.tenant(memory.tenant.id) as session:
        await used(session, first)
    for question in questions[3:]:
        await memory.keep(question)
    there = [await memory.find(question) is not None for question in questions]
    assert there == [True, False, False, True, True]
    assert (await memory.count(), await memory.sweep(), await memory.count()) == (3, 2, 3)


async def test_the_report_counts_hits(memory: Memory) -> None:
    question = await memory.ask()
    await memory.keep(question)
    found = await memory.find(question)
    assert found is not None
    conversation = await make_conversation(memory.db, await make_account(memory.db, memory.tenant))
    async with memory.db.tenant(memory.tenant.id) as session:
        await used(session, found)
        for number in range(4):
            turn = Turn(id=str(number), tenant_id=memory.tenant.id, conversation_id=conversation.id, heard="?")
            turn.state, turn.note = TurnState.ANSWERED, NOTE if number == 0 else None
            session.add(turn)
    async with memory.db.tenant(memory.tenant.id, reads=True) as session:
        told = await report(session, datetime.now(UTC) - timedelta(hours=1))
        later = await report(session, datetime.now(UTC) + timedelta(hours=1))
    assert (told.kept, told.answered, told.from_memory, told.rate) == (1, 4, 1, 0.25)
    assert told.favourites == (("متي تفتحون", 1),)
    assert later.rate == 0.0


@pytest.mark.parametrize("change", [lambda t: setattr(t, "slug", "x"), lambda t: setattr(t, "active", False)])
def test_what_an_answer_does_not_depend_on(change: Callable[[Tenant], None]) -> None:
    tenant = Tenant(agency_id="a", slug="s", name_ar="م", name_en="S", policy={"b": 1, "a": 2})
    before = base_of(tenant)
    change(tenant)
    tenant.policy = {"a": 2, "b": 1}
    assert base_of(tenant) == before
    assert circumstances_of(tenant, "a", "b") != circumstances_of(tenant, "ab", "")
