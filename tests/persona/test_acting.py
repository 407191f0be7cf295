"""What a tenant sets acts in real turns: hand-overs, closed doors, language, variables, tone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from core_pipeline.actions.doing import Actions
from core_pipeline.contracts.engines import Ask, Piece
from core_pipeline.contracts.messages import Kind
from tenants.models import Conversation, Tenant
from tenants.vault import Vault
from tests.conftest import Floor
from tests.turns.paper import PaperEngines
from tests.turns.plant import Plant, planted

if TYPE_CHECKING:
    from core_pipeline.guard import GuardedClient

CLOSED: dict[str, Any] = {"week": {"mon": []}}
ASKED = "When do you open?"


class Listening(PaperEngines):
    """Answers with what it was asked, and keeps it."""

    asked: list[Ask]

    async def answer(self, ask: Ask) -> AsyncIterator[Piece]:
        self.asked.append(ask)
        yield "At ten."


@pytest.fixture
async def plant(sqlite_database: Floor, tmp_path: Path) -> AsyncIterator[Plant]:
    async with planted(sqlite_database, tmp_path) as ready:
        yield ready


def listening(plant: Plant) -> Listening:
    plant.engines.__class__ = Listening
    assert isinstance(plant.engines, Listening)
    plant.engines.asked = []
    return plant.engines


async def sets(plant: Plant, **changes: Any) -> None:
    async with plant.floor.db.platform() as session:
        tenant = await session.get_one(Tenant, plant.tenant.id)
        facts = changes.pop("facts", {})
        tenant.policy, tenant.facts = {**tenant.policy, "reply": "text", "cache": False, **changes}, facts


async def told(plant: Plant, text: str) -> tuple[str, str | None]:
    """What the customer is told, and why."""
    turn = await plant.turn(await plant.says(text))
    return turn.answer or "", turn.note


async def handed(plant: Plant) -> bool:
    return (await plant.rows(Conversation))[0].handed_at is not None


async def test_a_word_of_the_tenants_calls_a_person(plant: Plant) -> None:
    await sets(plant, handoff={"words": ["refund"]}, phrases={"handed": {"en": "A colleague comes."}})
    async with plant.working():
        assert await told(plant, "I want a refund now") == ("A colleague comes.", "handoff")
    assert await handed(plant)


async def test_anger_calls_a_person_only_where_that_is_wanted(plant: Plant) -> None:
    await sets(plant, phrases={"handed": {"en": "A colleague comes."}})
    async with plant.working():
        assert (await told(plant, "You are scammers, this is unacceptable"))[1] != "handoff"
        assert not await handed(plant)
        await sets(plant, handoff={"angry": True}, phrases={"handed": {"en": "A colleague comes."}})
        assert await told(plant, "You are scammers, this is unacceptable") == ("A colleague comes.", "handoff")
    assert await handed(plant)


async def test_too_many_unknown_answers_in_a_row_call_a_person_once(plant: Plant) -> None:
    words = {"unknown": {"en": "No idea."}, "handed": {"en": "A colleague comes."}}
    await sets(plant, handoff={"after_unknown": 2}, phrases=words, answerable=0.9)
    async with plant.working():
        assert await told(plant, "Do you sell elephants?") == ("No idea.", "unknown")
        assert not await handed(plant)
        assert await told(plant, "Do you sell giraffes?") == ("No idea. A colleague comes.", "unknown")
        assert await handed(plant)
        assert await told(plant, "Do you sell lions?") == ("No idea.", "unknown")


async def test_closed_doors_are_told_and_may_keep_colleagues_undisturbed(plant: Plant) -> None:
    words = {"handed": {"en": "A colleague comes."}, "closed_note": {"en": "Closed. {hours_today}"}}
    await sets(plant, hours=CLOSED, phrases=words)
    async with plant.working():
        both, note = await told(plant, "I want to talk to a human")
        assert both == "A colleague comes. Closed. We are closed today."
        assert note == "handoff"
    assert await handed(plant)


async def test_nobody_is_asked_outside_hours_where_that_is_not_wanted(plant: Plant) -> None:
    await sets(plant, hours=CLOSED, handoff={"when_closed": False}, phrases={"closed_note": {"en": "Closed."}})
    async with plant.working():
        assert await told(plant, "I want to talk to a human") == ("Closed.", "closed")
    assert not await handed(plant)


async def test_the_engine_may_not_ask_for_a_person_either_then(plant: Plant) -> None:
    engines = listening(plant)
    plant.deps = replace(plant.deps, actions=Actions(plant.floor.db, Vault.generate(), cast("GuardedClient", None)))
    await sets(plant, hours=CLOSED, handoff={"when_closed": False})
    async with plant.working():
        await told(plant, ASKED)
        await sets(plant, hours=CLOSED, handoff={})
        await told(plant, ASKED)
    names = [{tool.name for tool in ask.tools} for ask in engines.asked]
    assert names == [{"send_card"}, {"send_card", "handoff"}]


async def test_one_language_for_everybody(plant: Plant) -> None:
    engines = listening(plant)
    await sets(plant, answers_in="ar")
    async with plant.working():
        turn = await plant.turn(await plant.says(ASKED))
        again = await plant.turn(await plant.says("Please speak English. When do you open?"))
    assert [ask.language for ask in engines.asked] == ["ar", "ar"]
    assert (turn.language, again.language) == ("ar", "ar")


async def test_the_engine_hears_tone_dialect_and_filled_persona(plant: Plant) -> None:
    engines = listening(plant)
    persona = {"en": "You work at {business}, call {phone}. Today is {date}."}
    await sets(plant, tone="warm", dialect="egyptian", persona=persona, facts={"phone": "0100"}, longest_answer=99)
    async with plant.working():
        await told(plant, ASKED)
    ask = engines.asked[0]
    assert (ask.tone, ask.dialect, ask.longest) == ("warm", "egyptian", 99)
    assert ask.persona.startswith(f"You work at {plant.tenant.name_en}, call 0100. Today is ")
    assert "{" not in ask.persona


async def test_greetings_and_failures_are_said_with_variables(plant: Plant) -> None:
    await sets(
        plant, phrases={"unsupported": {"en": "Call {phone}.", "ar": "اتصل على {phone}."}}, facts={"phone": "0100"}
    )
    async with plant.working():
        turn = await plant.turn(await plant.says(None, kind=Kind.LOCATION))
    assert "0100" in (turn.answer or "")
