"""A colleague answers instead of the bot: it keeps quiet, forgets nothing, and nobody answers twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from core_pipeline.contracts.engines import Exchange
from core_pipeline.contracts.messages import Kind
from core_pipeline.desk import duty
from core_pipeline.desk.duty import HeldError
from core_pipeline.desk.reading import Side
from errors import NeedsOwner
from tenants.models import Conversation, Direction, Message, Turn
from tests.conftest import Floor
from tests.desk.counter import MONA, OMAR, Counter, opened, until


async def take(counter: Counter, conversation: Conversation, by: object = MONA, *, over: bool = False) -> Conversation:
    async with counter.plant.floor.db.tenant(counter.tenant_id) as session:
        return await duty.take(session, by, conversation.id, over=over)  # type: ignore[arg-type]  # an Actor


async def test_while_a_colleague_answers_the_bot_hears_and_keeps_quiet(counter: Counter) -> None:
    plant = counter.plant
    conversation = await counter.asked("كم السعر؟")
    await take(counter, conversation)
    busy = len(plant.channel.busy_calls)
    turn = await plant.turn(await plant.says(None, kind=Kind.VOICE, media="وصلتني ناقصة".encode()))
    assert (turn.note, turn.heard, turn.answer) == ("taken-over", "وصلتني ناقصة", "")
    assert plant.texts() == ["[كم السعر؟]"]
    assert len(plant.channel.busy_calls) == busy
    now_ = await counter.conversation()
    assert (now_.mode, now_.agent_id, now_.unread, now_.last_text) == ("human", "mona", 2, "وصلتني ناقصة")


async def test_a_bot_turn_that_runs_sends_nothing_after_the_take_over(database: Floor, tmp_path: Path) -> None:
    async with opened(database, tmp_path) as counter:
        plant = counter.plant
        thinking, go_on = asyncio.Event(), asyncio.Event()
        speak = plant.engines.speak

        async def slowly(saying: object) -> object:
            thinking.set()
            await go_on.wait()
            async for part in speak(saying):  # type: ignore[arg-type]  # a Saying
                yield part

        plant.engines.speak = slowly  # type: ignore[assignment,method-assign]  # a voice that waits
        async with plant.working():
            turn_id = await plant.says("كم السعر؟")
            await asyncio.wait_for(thinking.wait(), 20)
            await take(counter, await counter.conversation())
            go_on.set()
            turn = await plant.turn(turn_id)
        assert (turn.state, turn.note, turn.reply_kind) == ("answered", "taken-over", None)
        assert plant.channel.sent == []
        assert await plant.rows(Message, direction=Direction.OUT) == []


async def test_a_bot_turn_that_dies_after_the_take_over_apologises_to_nobody(database: Floor, tmp_path: Path) -> None:
    async with opened(database, tmp_path) as counter:
        plant = counter.plant
        plant.tries = replace(plant.tries, attempts=1)
        reached, go_on = asyncio.Event(), asyncio.Event()

        async def broken(*_: object, **__: object) -> object:
            reached.set()
            await go_on.wait()
            raise NeedsOwner("engine-off")

        plant.engines.llm = broken  # type: ignore[assignment,method-assign]  # an engine that is not there
        async with plant.working():
            turn_id = await plant.says("كم السعر؟")
            await asyncio.wait_for(reached.wait(), 20)
            await take(counter, await counter.conversation())
            go_on.set()
            await plant.turn(turn_id)
        assert plant.channel.sent == []


async def test_only_one_of_two_colleagues_takes_over(counter: Counter) -> None:
    conversation = await counter.asked("كم السعر؟")
    both = await asyncio.gather(
        take(counter, conversation, MONA), take(counter, conversation, OMAR), return_exceptions=True
    )
    [held] = [one for one in both if isinstance(one, HeldError)]
    [taken] = [one for one in both if isinstance(one, Conversation)]
    assert held.agent_id == taken.agent_id
    other = OMAR if taken.agent_id == "mona" else MONA
    with pytest.raises(HeldError):
        await counter.reply(conversation, "وأنا أيضا", other)
    assert (await take(counter, conversation, other, over=True)).agent_id == other.person_id


async def test_handed_back_the_bot_goes_on_with_what_was_said(counter: Counter) -> None:
    plant = counter.plant
    conversation = await counter.asked("عندكم كنافة؟")
    await counter.reply(conversation, "نعم، وعليها خصم اليوم")
    await counter.shown(conversation, "sent")
    await counter.desk.hand_back(counter.tenant_id, MONA, conversation.id)
    await counter.asked("وكم سعرها؟")
    assert plant.texts()[-1] == "[وكم سعرها؟]"
    assert Exchange("bot", "نعم، وعليها خصم اليوم") in plant.engines.asked[-1].history
    said = [one.text for one in plant.engines.asked[-1].history]
    assert said.count("نعم، وعليها خصم اليوم") == 1
    assert ((await counter.conversation()).mode, (await counter.conversation()).agent_id) == ("bot", None)


async def test_handed_back_the_bot_may_answer_what_was_asked_last(counter: Counter) -> None:
    plant = counter.plant
    conversation = await counter.asked("عندكم كنافة؟")
    await take(counter, conversation)
    await counter.asked("كم سعرها؟")
    await counter.asked("وهل توصلون؟")
    await counter.desk.hand_back(counter.tenant_id, MONA, conversation.id, answer=True)
    await until(lambda: _said(counter, "[كم سعرها؟\nوهل توصلون؟]"))
    assert plant.texts() == ["[عندكم كنافة؟]", "[كم سعرها؟\nوهل توصلون؟]"]
    answers = await counter.entries(conversation, Side.BOT)
    assert [one.message.author_id for one in answers if one.message] == [None, None]
    assert await counter.entries(conversation) == []


async def _said(counter: Counter, text: str) -> bool | None:
    return True if text in counter.plant.texts() else None


async def test_closed_means_settled_until_the_customer_writes(counter: Counter) -> None:
    conversation = await counter.asked("كم السعر؟")
    async with counter.plant.floor.db.tenant(counter.tenant_id) as session:
        await duty.close(session, MONA, conversation.id)
    assert (await counter.conversation()).closed_at is not None
    after = await counter.asked("وسؤال آخر")
    assert (after.closed_at, after.unread, after.mode) == (None, 1, "bot")


async def test_every_turn_of_a_colleague_is_told_from_the_bots(counter: Counter) -> None:
    conversation = await counter.asked("كم السعر؟")
    await counter.reply(conversation, "بمئة")
    await counter.shown(conversation, "sent")
    assert {one.note for one in await counter.plant.rows(Turn)} == {None, "colleague"}
