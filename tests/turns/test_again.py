"""The same question is answered from memory: at once, in the same recording, until anything it rests on changes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from core_pipeline.answers import NOTE
from core_pipeline.contracts.engines import Ask, Cited, Piece
from core_pipeline.turns.tidying import tidy
from errors import Impossible
from tenants.knowledge import add
from tenants.models import CachedAnswer, Message, Tenant
from tests.conftest import Floor
from tests.turns.paper import PaperEngines
from tests.turns.plant import Plant, planted

QUESTION = "When does the kitchen open?"


class Citing(PaperEngines):
    """Answers from a passage, so that the answer is the business's own."""

    async def answer(self, ask: Ask) -> AsyncIterator[Piece]:
        self.asked.append(ask)
        yield f"At ten ({len(self.asked)})."
        yield Cited(("e1",))


@pytest.fixture
async def plant(database: Floor, tmp_path: Path) -> AsyncIterator[Plant]:
    async with planted(database, tmp_path) as ready:
        ready.engines.__class__ = Citing
        async with ready.working():
            yield ready


async def asks(plant: Plant, text: str, chat: str) -> tuple[str | None, str | None]:
    turn = await plant.turn(await plant.says(text, chat))
    return turn.answer, turn.note


async def set_policy(plant: Plant, **changes: Any) -> None:
    async with plant.floor.db.tenant(plant.tenant.id) as session:
        tenant = await session.get_one(Tenant, plant.tenant.id)
        tenant.policy = {**tenant.policy, **changes}


async def test_the_second_customer_gets_the_first_ones_answer_and_sound(plant: Plant) -> None:
    assert await asks(plant, QUESTION, "c1") == ("At ten (1).", None)
    assert await asks(plant, f"{QUESTION} ", "c2") == ("At ten (1).", NOTE)
    first, second = plant.channel.sent
    assert first.data == second.data
    assert len(plant.engines.asked) == 1
    [row] = await plant.rows(CachedAnswer)
    assert row.hits == 1


async def test_an_answer_whose_sound_is_gone_is_spoken_anew(plant: Plant) -> None:
    await asks(plant, QUESTION, "c1")
    [row] = await plant.rows(CachedAnswer)
    await plant.deps.blobs.delete(plant.tenant.id, row.blob)
    assert await asks(plant, QUESTION, "c2") == ("At ten (1).", NOTE)
    first, second = plant.channel.sent
    assert first.kind == second.kind == "voice"


async def test_other_questions_are_thought_about(plant: Plant) -> None:
    await asks(plant, QUESTION, "c1")
    for number, other in enumerate(("When does the garden open?", "When does the kitchen not open?"), start=2):
        assert await asks(plant, other, f"c{number}") == (f"At ten ({number}).", None)


async def test_new_knowledge_or_policy_makes_every_answer_new(plant: Plant) -> None:
    await asks(plant, QUESTION, "c1")
    async with plant.floor.db.tenant(plant.tenant.id) as session:
        await add(session, "garden", "en", "When does the garden open?", "At eleven.")
    assert (await asks(plant, QUESTION, "c2"))[1] is None
    await set_policy(plant, persona={"en": "You are brief."})
    assert (await asks(plant, QUESTION, "c3"))[1] is None
    blobs = {row.blob for row in await plant.rows(CachedAnswer)}
    assert await tidy(plant.deps) == 2
    [kept] = await plant.rows(CachedAnswer)
    for blob in blobs - {kept.blob}:
        with pytest.raises(Impossible):
            await plant.deps.blobs.get(plant.tenant.id, blob)
    assert (await asks(plant, QUESTION, "c4"))[1] == NOTE


async def test_a_tenant_may_switch_it_off(plant: Plant) -> None:
    await set_policy(plant, cache=False)
    await asks(plant, QUESTION, "c1")
    assert (await asks(plant, QUESTION, "c2"))[1] is None
    assert await plant.rows(CachedAnswer) == []


async def test_what_is_sent_outlives_the_memory(plant: Plant) -> None:
    await asks(plant, QUESTION, "c1")
    await asks(plant, QUESTION, "c2")
    await set_policy(plant, longest_answer=300)
    await tidy(plant.deps)
    sent = [row.blob for row in await plant.rows(Message) if row.direction == "out"]
    assert len(sent) == 2
    for blob in sent:
        assert await plant.deps.blobs.get(plant.tenant.id, blob)


async def test_an_announcement_is_made_to_each_customer_once(plant: Plant) -> None:
    await set_policy(plant, disclosure="first")
    first, _ = await asks(plant, QUESTION, "c1")
    second, note = await asks(plant, QUESTION, "c2")
    again, _ = await asks(plant, "When does the kitchen close?", "c2")
    assert first == second
    assert note == NOTE
    assert "automated" in (first or "")
    assert "automated" not in (again or "")
    async with plant.floor.db.tenant(plant.tenant.id, reads=True) as session:
        kept = (await session.scalars(select(CachedAnswer).order_by(col(CachedAnswer.created_at)))).first()
    assert kept is not None
    assert kept.answer == "At ten (1)."
