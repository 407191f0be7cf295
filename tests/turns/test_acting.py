"""The bot acts: it looks things up, asks before it changes anything, does that once, and tells how it went."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from core_pipeline.actions.doing import Actions, Place, Settled
from core_pipeline.contracts.engines import ToolCall
from core_pipeline.contracts.messages import ReplyKind
from core_pipeline.contracts.phrases import READY
from errors import Impossible, Retryable
from tests.conftest import Floor
from tests.factories import make_entry
from tests.turns.shopping import LOOK, PARTY, Answer, Counter, Scripted, shopping


class Crashing(Actions):
    """Loses the first outcome after it was reached, as a process does that dies then."""

    crashes = 1

    async def settle(self, place: Place, heard: str) -> Settled | None:
        done = await super().settle(place, heard)
        if done is not None and self.crashes:
            self.crashes -= 1
            raise Retryable("crashed")
        return done


class BrokenOff(Actions):
    """Its first try ends in the `middle` of the call, as when the process is killed then."""

    middle: asyncio.Event | None = None

    async def settle(self, place: Place, heard: str) -> Settled | None:
        trying = asyncio.create_task(super().settle(place, heard))
        if self.middle is None:
            return await trying
        await self.middle.wait()
        self.middle = None
        trying.cancel()
        await asyncio.gather(trying, return_exceptions=True)
        raise Retryable("crashed")


@pytest.fixture
async def counter(database: Floor, tmp_path: Path) -> AsyncIterator[Counter]:
    engines = Scripted()
    async with shopping(database, tmp_path, engines, handoff_hours=12) as (plant, shop):
        yield Counter(plant, shop, engines)


async def test_an_order_is_looked_up_and_told(counter: Counter) -> None:
    counter.engines.script = [["One moment.", LOOK], ["It is on its way."]]
    turn = await counter.says("Where is my order A-17?")
    assert counter.shop.targets == ["GET /orders/A-17"]
    [result] = counter.engines.asked[-1].results
    assert '"status": "on its way"' in result.content
    assert turn.answer == "One moment. It is on its way."
    [note] = counter.plant.channel.sent
    assert (note.kind, note.text) == (ReplyKind.VOICE, turn.answer)


async def test_a_booking_is_asked_about_and_done_once(counter: Counter) -> None:
    turn = await counter.asks_to_book()
    pending = (await counter.conversation()).pending
    assert pending is not None
    assert pending["question"] in (turn.answer or "")
    assert "2030-12-31" in pending["question"]
    assert counter.shop.requests == []
    assert counter.plant.texts() == [turn.answer]
    done = await counter.says("أيوه")
    assert counter.shop.booked == [PARTY]
    assert counter.shop.requests[0][2]["idempotency-key"]
    assert (done.note, (done.answer or "").startswith("تم")) == ("action", True)
    await counter.says("أيوه")
    assert counter.shop.booked == [PARTY]


async def test_a_no_books_nothing(counter: Counter) -> None:
    await counter.asks_to_book()
    assert (await counter.says("لا شكرا")).answer == "حسنًا، لن أنفّذ الطلب."
    await counter.says("أيوه")
    assert counter.shop.requests == []


async def test_other_words_drop_it(counter: Counter) -> None:
    await counter.asks_to_book()
    assert (await counter.says("كم سعر الكنافة؟")).answer == "[كم سعر الكنافة؟]"
    assert (await counter.conversation()).pending is None
    assert (await counter.says("أيوه")).answer == "[أيوه]"
    assert counter.shop.requests == []


async def test_a_crash_after_the_yes_books_once(database: Floor, tmp_path: Path) -> None:
    engines = Scripted()
    async with shopping(database, tmp_path, engines, Crashing) as (plant, shop):
        counter = Counter(plant, shop, engines)
        await counter.asks_to_book()
        engines.fail["tts"] = [Retryable("voice-died")]
        done = await counter.says("أيوه")
    assert (shop.booked, len(shop.requests)) == ([PARTY], 1)
    assert (done.answer or "").startswith("تم")
    assert [reply.kind for reply in plant.channel.sent] == [ReplyKind.VOICE, ReplyKind.VOICE]


async def test_a_call_broken_off_in_the_middle_is_not_repeated(database: Floor, tmp_path: Path) -> None:
    """The shop was asked and nobody heard its answer: we say that we don't know, and don't ask again."""
    engines = Scripted()
    async with shopping(database, tmp_path, engines, BrokenOff) as (plant, shop):
        counter, actions = Counter(plant, shop, engines), plant.deps.actions
        assert isinstance(actions, BrokenOff)
        await counter.asks_to_book()
        shop.held, actions.middle = asyncio.Event(), shop.arrived
        done = await counter.says("أيوه")
        shop.held.set()
    assert len(shop.requests) == 1
    assert "لا أعرف إن كان الطلب قد تم" in (done.answer or "")


async def test_a_refusal_is_told_with_its_reason(counter: Counter) -> None:
    await counter.asks_to_book(people=7)
    answer = (await counter.says("أيوه")).answer or ""
    assert "لم يتم تنفيذ الطلب" in answer
    assert "no table for so many" in answer
    assert counter.shop.booked == []


async def test_a_broken_system_is_told_honestly(counter: Counter) -> None:
    counter.shop.status = 503
    counter.engines.script = [[LOOK], ["I can not see that now."]]
    turn = await counter.says("Where is my order A-17?")
    assert counter.engines.asked[-1].results[0].content.startswith("failed")
    assert turn.answer == "I can not see that now."
    await counter.asks_to_book()
    assert "لا أعرف إن كان الطلب قد تم" in ((await counter.says("أيوه")).answer or "")


async def test_a_card_follows_the_voice_note(counter: Counter) -> None:
    plant = counter.plant
    menu = "Our menu: https://example.com/menu"
    await make_entry(plant.floor.db, plant.tenant, question="Where is the menu?", answer=menu)
    counter.engines.script = [[ToolCall("c1", "send_card", {"passage": "p1"})], ["I am sending it."]]
    await counter.says("Where is the menu?")
    voice, card = plant.channel.sent
    assert (voice.kind, voice.text) == (ReplyKind.VOICE, "I am sending it.")
    assert (card.kind, card.text) == (ReplyKind.TEXT, f"Where is the menu?\n{menu}")


async def test_a_card_that_can_not_be_sent_spoils_no_answer(counter: Counter) -> None:
    plant = counter.plant
    plant.channel.trouble = lambda reply: Impossible("refused") if ":also" in reply.key else None
    await make_entry(plant.floor.db, plant.tenant, question="Where is the menu?", answer="On the wall.")
    counter.engines.script = [[ToolCall("c1", "send_card", {"passage": "p1"})], ["On the wall."]]
    turn = await counter.says("Where is the menu?")
    assert (turn.state, turn.reply_kind, len(plant.channel.sent)) == ("answered", "voice", 1)
    assert "card not sent: refused" in (turn.note or "")


async def test_the_engine_hands_over(counter: Counter) -> None:
    counter.engines.script = [[ToolCall("h1", "handoff", {"reason": "upset"})], []]
    turn = await counter.says("This is the third time that I complain!")
    assert (await counter.conversation()).handed_at is not None
    assert (turn.note, turn.answer) == ("handoff", READY["handed"]["en"])
    assert (await counter.says("Hello?")).note == "handed-over"
    assert len(counter.plant.channel.sent) == 1


async def test_the_customer_asks_for_a_person(counter: Counter) -> None:
    turn = await counter.says("عايز اكلم موظف")
    assert (turn.note, turn.answer) == ("handoff", READY["handed"]["ar"])
    assert (await counter.conversation()).handed_at is not None
    assert counter.engines.asked == []


async def test_an_engine_that_never_stops_calling_has_to_answer(counter: Counter) -> None:
    calls: list[Answer] = [[replace(LOOK, arguments={"number": f"A-{number}"})] for number in range(4)]
    counter.engines.script = [*calls, ["I looked four times."]]
    turn = await counter.says("Where are my orders?")
    assert (turn.answer, len(counter.shop.requests)) == ("I looked four times.", 4)
    assert counter.engines.asked[-1].tools == ()
