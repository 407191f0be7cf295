"""Actions in a call: only a question that was heard can be agreed to; nothing that was begun is lost or repeated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest

from core_pipeline.actions.doing import Actions, Place, Settled
from core_pipeline.calls.host import Heard, Minutes
from core_pipeline.calls.hosting import host_for
from core_pipeline.contracts.engines import Passage, ToolCall
from core_pipeline.guard import guarded_client
from core_pipeline.knowledge.shelf import Shelf
from tenants.models import Call, Conversation, Direction, Message, Turn
from tenants.vault import Vault
from tests.actions.shop import Shop, open_shop
from tests.calls.hosting.stage import SECOND, Stage, staged, texts
from tests.conftest import Floor
from tests.factories import make_entry
from tests.turns.plant import Plant
from tests.turns.shopping import BOOK, WISH, keep_actions

PERSON = "+201000000000"


class Slow(Actions):
    """Waits in the middle of an action until it may go on."""

    begun: asyncio.Event
    may_go_on: asyncio.Event

    async def settle(self, place: Place, heard: str) -> Settled | None:
        self.begun.set()
        await self.may_go_on.wait()
        return await super().settle(place, heard)


@dataclass
class Counter:
    """A call at a tenant's with a shop."""

    stage: Stage
    shop: Shop
    actions: Slow

    @property
    def bookings(self) -> int:
        return len(self.shop.booked)


@pytest.fixture
async def counter(database: Floor, tmp_path: Path) -> AsyncIterator[Counter]:
    async with (
        open_shop() as shop,
        guarded_client({shop.place}) as client,
        staged(database, tmp_path, calls={"person": PERSON}) as stage,
    ):
        vault = Vault.generate()
        await keep_actions(cast("Plant", stage), vault, shop)
        actions = Slow(database.db, vault, client)
        actions.begun, actions.may_go_on = asyncio.Event(), asyncio.Event()
        actions.may_go_on.set()
        stage.lobby = replace(stage.lobby, actions=actions)
        stage.host, _ = await host_for(stage.lobby, stage.call_id)
        yield Counter(stage, shop, actions)


async def test_a_yes_to_what_was_heard_does_it_once(counter: Counter) -> None:
    stage = counter.stage
    stage.engines.script = [[BOOK]]
    asked = texts(await stage.says(WISH))
    assert "هل أنفّذ هذا الطلب" in asked[0]
    assert counter.bookings == 0
    [told] = texts(await stage.says("نعم"))
    assert told.startswith("تم")
    assert counter.bookings == 1
    assert [turn.note for turn in await stage.rows(Turn)] == [None, "action"]
    await stage.says("نعم")
    assert counter.bookings == 1


async def test_a_yes_to_a_question_that_was_not_heard_does_nothing(counter: Counter) -> None:
    stage = counter.stage
    stage.engines.script = [[BOOK]]
    await stage.says(WISH, stop=1)
    assert (await stage.row(Conversation, stage.conversation.id)).pending is None
    await stage.says("نعم")
    assert counter.bookings == 0


async def test_who_interrupts_after_the_question_mark_has_heard_it(counter: Counter) -> None:
    stage = counter.stage
    stage.engines.script = [[BOOK]]
    await stage.says(WISH, stop=2)
    await stage.says("نعم")
    assert counter.bookings == 1


async def test_an_action_is_finished_and_told_though_the_caller_speaks_into_it(counter: Counter) -> None:
    stage = counter.stage
    stage.engines.script = [[BOOK]]
    await stage.says(WISH)
    counter.actions.may_go_on.clear()
    minutes = Minutes(2, Heard("نعم", "ar"), SECOND)

    async def listen() -> None:
        async for _ in stage.host.answer(minutes):
            pass

    listening = asyncio.create_task(listen())
    await counter.actions.begun.wait()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    minutes.broken_into = True
    await stage.host.wrote(minutes)
    counter.actions.may_go_on.set()
    stage.turn = 2
    done, answer = texts(await stage.says("ما هي ساعات عمل المطعم"))
    assert done.startswith("تم")
    assert answer == "[ما هي ساعات عمل المطعم]"
    assert counter.bookings == 1


async def test_who_asks_the_engine_for_a_person_is_put_through(counter: Counter) -> None:
    stage = counter.stage
    stage.engines.script = [[ToolCall("h1", "handoff", {})], ["I will call somebody for you."]]
    steps = texts(await stage.says("المشكلة كبيرة ولا تحلها الآلات"))
    assert steps[-1] == f"transfer {PERSON}"
    assert (await stage.row(Call, stage.call_id)).reason == "transfer"
    assert (await stage.rows(Turn))[-1].note == "handoff"


async def test_cards_wait_to_be_sent_in_writing(counter: Counter, tmp_path: Path) -> None:
    stage = counter.stage
    await make_entry(
        stage.floor.db, stage.tenant, language="en", question="Wifi password?", answer="It is on the card."
    )
    shelf = Shelf(stage.floor.db, tmp_path / "search")
    [found] = await shelf.search(stage.tenant.id, "Wifi password", "en")
    await shelf.close()
    assert isinstance(found, Passage)
    stage.engines.script = [[ToolCall("c1", "send_card", {"passage": found.id})], ["I will send it to you."]]
    assert texts(await stage.says("What is the wifi password", language="en")) == ["I will send it to you."]
    [card] = stage.host.cards
    assert "on the card" in card
    said = await stage.rows(Message, direction=Direction.OUT)
    assert [(one.kind, one.status) for one in said] == [("voice", "played"), ("text", "unsent")]
    assert said[1].text == card
