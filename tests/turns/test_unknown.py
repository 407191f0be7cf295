"""What the bot did not know: kept once a turn, answered by the business, and known to the next who asks."""

from __future__ import annotations

import asyncio
from pathlib import Path

from core_pipeline.knowledge import unknown
from core_pipeline.knowledge.answering import answer_question
from tenants import open_questions
from tenants.models import OpenQuestion
from tests.conftest import Floor
from tests.factories import make_tenant
from tests.turns.plant import planted

POOL = "هل عندكم حمام سباحة للأطفال؟"


async def test_what_was_not_known_is_answered_and_the_next_customer_gets_it(database: Floor, tmp_path: Path) -> None:
    async with planted(database, tmp_path, answerable=0.5) as plant, plant.working():
        turn = await plant.turn(await plant.says(POOL))
        assert turn.note == "unknown"
        await plant.turn(await plant.says("السلام عليكم، عندكم حمام سباحة للاطفال", chat="c2"))
        thanks = await plant.turn(await plant.says("شكرا جزيلا", chat="c2"))
        assert thanks.note != "unknown"
        [kept] = await plant.rows(OpenQuestion)
        assert (kept.question, kept.asked, kept.language, kept.state) == (POOL, 2, "ar", "open")
        async with database.db.tenant(plant.tenant.id) as session:
            [listed] = await open_questions.page(session, "open")
            assert listed.conversation_id is not None
            said = {"question": POOL, "answer": "نعم، حمام سباحة مغطى.", "alternatives": []}
            await answer_question(session, kept.id, {"ar": said})
        known = await plant.turn(await plant.says("عندكم حمام سباحة للأطفال؟", chat="c3"))
        assert known.note != "unknown"
        assert plant.engines.asked[-1].passages[0].answer == said["answer"]
        [kept] = await plant.rows(OpenQuestion)
        assert (kept.state, kept.asked) == ("answered", 2)


async def test_a_turn_that_is_tried_again_counts_once(sqlite_database: Floor, tmp_path: Path) -> None:
    async with planted(sqlite_database, tmp_path, answerable=0.5) as plant, plant.working():
        turn = await plant.turn(await plant.says(POOL))
        async with sqlite_database.db.tenant(plant.tenant.id) as session:
            await unknown.noted(session, turn.id, POOL, "ar")
        [kept] = await plant.rows(OpenQuestion)
        assert kept.asked == 1


async def test_many_at_once_count_each(database: Floor) -> None:
    tenant = await make_tenant(database.db)

    async def ask(number: int) -> None:
        async with database.db.tenant(tenant.id) as session:
            await unknown.noted(session, f"t{number}", "كم سعر المسبح؟ هل عندكم موقف سيارات؟", "ar")

    await asyncio.gather(*(ask(number) for number in range(8)))
    async with database.db.tenant(tenant.id, reads=True) as session:
        found = await open_questions.page(session, "open")
    assert [one.question.asked for one in found] == [8, 8]


async def test_states_and_lengths(sqlite_database: Floor) -> None:
    tenant = await make_tenant(sqlite_database.db)
    async with sqlite_database.db.tenant(tenant.id) as session:
        await unknown.noted(session, "t1", "شكرا", "ar")
        assert await open_questions.page(session, "open") == []
        await open_questions.record(session, "t1", "س" * 900 + "\0", "plain", "ar")
        [one] = await open_questions.page(session, "open")
        assert len(one.question.question) == 300
        await open_questions.put(session, one.question.id, "dismissed")
        await open_questions.record(session, "t2", "again", "plain", "ar")
        await session.refresh(one.question)
        assert (one.question.state, one.question.asked) == ("dismissed", 2)
        await open_questions.close(session, [one.question.id], "fact")
        await open_questions.record(session, "t3", "again", "plain", "ar")
        await session.refresh(one.question)
        assert (one.question.state, one.question.turn_id) == ("open", "t3")
        assert await open_questions.counts(session) == {"open": 1, "answered": 0, "dismissed": 0}
