"""A message's way, on SQLite and Postgres: in order, once, and never in silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dbos import DBOS

from core_pipeline.contracts.messages import Kind, ReplyKind, Status
from core_pipeline.turns.desk import Desk
from core_pipeline.turns.flow import Tries
from errors import Impossible, NeedsOwner, Retryable
from tenants import audit
from tenants.audit import Actor, Wanted
from tenants.models import Conversation, Direction, Message, TurnStage, TurnState
from tests.conftest import Floor
from tests.turns.plant import Plant, planted


@pytest.fixture
async def plant(database: Floor, tmp_path: Path) -> AsyncIterator[Plant]:
    async with planted(database, tmp_path) as ready, ready.working():
        yield ready


async def test_a_text_is_answered_by_voice_with_its_bill(plant: Plant) -> None:
    turn = await plant.turn(await plant.says("كم السعر؟"))
    assert (turn.state, turn.heard, turn.answer, turn.language) == ("answered", "كم السعر؟", "[كم السعر؟]", "ar")
    [reply] = plant.channel.sent
    assert (reply.kind, reply.mime, reply.address) == (ReplyKind.VOICE, "audio/ogg; codecs=opus", {"to": "c1"})
    assert reply.data is not None
    assert reply.data[:4] == b"OggS"
    stages = {stage.name for stage in await plant.rows(TurnStage)}
    assert {"recall", "speakable", "encode", "send"} <= stages
    assert set(plant.channel.busy_calls) == {ReplyKind.VOICE}


async def test_a_voice_note_is_heard(plant: Plant) -> None:
    turn = await plant.turn(await plant.says(None, kind=Kind.VOICE, media="متى تفتحون؟".encode()))
    assert turn.heard == "متى تفتحون؟"
    [message] = await plant.rows(Message, direction=Direction.IN)
    assert (message.text, message.confidence, message.language) == ("متى تفتحون؟", 0.9, "ar")
    assert message.blob


async def test_a_burst_becomes_one_turn(database: Floor, tmp_path: Path) -> None:
    async with planted(database, tmp_path, burst_seconds=0.5) as plant, plant.working():
        first = await plant.says("عندي سؤال")
        await plant.says(None, kind=Kind.VOICE, media="عن التوصيل".encode())
        last = await plant.says("للمعادي")
        turn = await plant.turn(first)
        assert turn.heard == "عندي سؤال\nعن التوصيل\nللمعادي"
        follow_up = await plant.turn(await plant.says("شكرا"))
        assert follow_up.heard == "شكرا"
        assert len(plant.channel.sent) == 2
        assert last not in {message.turn_id for message in await plant.rows(Message)}


async def test_conversations_keep_their_order_and_run_side_by_side(plant: Plant) -> None:
    ids = [await plant.says(f"{chat} {n}", chat) for n in range(4) for chat in ("a", "b", "c")]
    for turn_id in ids:
        async with asyncio.timeout(30):
            while not [m for m in await plant.rows(Message, provider_id=turn_id.split(":")[1]) if m.turn_id]:
                await asyncio.sleep(0.02)
    async with asyncio.timeout(30):
        while sum(text.count("\n") + 1 for text in plant.texts()) < 12:
            await asyncio.sleep(0.02)
    for chat in ("a", "b", "c"):
        said = "\n".join(r.text.strip("[]") for r in plant.channel.sent if r.text and r.address == {"to": chat})
        assert said.split("\n") == [f"{chat} {n}" for n in range(4)]


async def test_the_same_message_twice_is_answered_once(plant: Plant) -> None:
    turn_id = await plant.says("مرة")
    plant.count -= 1
    assert await plant.says("مرة") == turn_id
    await plant.turn(turn_id)
    plant.count -= 1
    await plant.says("مرة")
    await plant.turn(await plant.says("أخرى"))
    assert plant.texts() == ["[مرة]", "[أخرى]"]


async def test_a_passing_fault_is_retried(plant: Plant) -> None:
    plant.engines.fail["tts"] = [Retryable("busy", after=0.01), Retryable("busy")]
    turn = await plant.turn(await plant.says("سؤال"))
    assert (turn.state, turn.reply_kind) == ("answered", "voice")


async def test_voice_that_fails_for_good_becomes_text(plant: Plant) -> None:
    plant.engines.fail["tts"] = [NeedsOwner("no-voice")]
    turn = await plant.turn(await plant.says("سؤال"))
    assert (turn.state, turn.reply_kind) == ("answered", "text")
    assert turn.note is not None
    assert "no-voice" in turn.note


async def test_a_customer_who_takes_no_voice_gets_text_in_parts(plant: Plant) -> None:
    plant.channel.trouble = lambda reply: Impossible("voice-forbidden") if reply.kind is ReplyKind.VOICE else None
    turn = await plant.turn(await plant.says("سؤال طويل " * 12))
    assert turn.reply_kind == "text"
    assert len(plant.channel.sent) > 1
    assert all(len(text) <= 100 for text in plant.texts())
    assert " ".join(plant.texts()).split() == (turn.answer or "").split()


async def test_after_the_last_retry_the_customer_hears_the_tenants_words(plant: Plant) -> None:
    plant.engines.fail["llm"] = [Retryable("down")] * 3
    turn = await plant.turn(await plant.says("سؤال"), TurnState.DEAD)
    assert (turn.failed_step, turn.cause) == ("answer", "down")
    assert plant.texts() == ["عذرًا، حدث خلل عندنا ولم نتمكن من الرد الآن. سنعود إليك قريبًا."]


async def test_a_dead_letter_is_listed_and_retried_from_the_failed_step(plant: Plant) -> None:
    plant.engines.fail["llm"] = [Retryable("down")] * 3
    turn_id = await plant.says(None, kind=Kind.VOICE, media="أهلا".encode())
    await plant.turn(turn_id, TurnState.DEAD)
    plant.channel.files.clear()
    desk = Desk(plant.floor.db, plant.url)
    try:
        [letter] = await desk.dead_letters()
        assert (letter.turn_id, letter.failed_step, letter.cause) == (turn_id, "answer", "down")
        await desk.retry(Actor("Tester"), turn_id)
        turn = await plant.turn(turn_id, TurnState.ANSWERED)
        assert await desk.dead_letters() == []
        async with plant.floor.db.platform(reads=True) as session:
            [noted] = await audit.listing(session, Wanted(action="letter"), 5)
    finally:
        desk.close()
    assert turn.heard == "أهلا"
    assert (noted.who, noted.thing) == ("Tester", turn_id)
    assert plant.texts()[-1] == "[أهلا]"


async def test_a_bug_in_an_engine_is_never_silent(plant: Plant) -> None:
    plant.engines.fail["llm"] = [ZeroDivisionError()] * 3
    turn = await plant.turn(await plant.says("سؤال"), TurnState.DEAD)
    assert turn.cause == "ZeroDivisionError"
    assert len(plant.channel.sent) == 1


async def test_unreadable_audio_gets_please_write_and_uncertain_audio_gets_repeat(plant: Plant) -> None:
    plant.engines.fail["asr"] = [Impossible("media-unreadable")]
    first = await plant.turn(await plant.says(None, "x", Kind.VOICE, b"noise!"))
    assert (first.note, first.state) == ("media-unreadable", "answered")
    assert "اكتب سؤالك" in (first.answer or "")
    plant.engines.confidence = 0.1
    second = await plant.turn(await plant.says(None, "y", Kind.VOICE, b"mumble"))
    assert second.note == "not-understood"
    assert "أعد السؤال" in (second.answer or "")


async def test_other_kinds_are_answered_politely_once_and_reactions_not_at_all(plant: Plant) -> None:
    photo = await plant.says(None, "p", Kind.IMAGE)
    await plant.says(None, "p", Kind.IMAGE)
    turn = await plant.turn(photo)
    assert turn.note == "unsupported-kind"
    reaction = await plant.turn(await plant.says(None, "r", Kind.REACTION))
    assert (reaction.note, reaction.reply_kind) == ("nothing-to-answer", None)
    assert len(plant.channel.sent) == 1


async def test_english_is_answered_in_english(plant: Plant) -> None:
    turn = await plant.turn(await plant.says("Do you have parking?"))
    assert turn.language == "en"


async def test_receipts_only_raise_the_status(plant: Plant) -> None:
    await plant.turn(await plant.says("سؤال"))
    for status in (Status.READ, Status.DELIVERED, Status.SENT):
        await plant.receipt("out-1", status)
    await plant.receipt("out-1", Status.PLAYED)
    async with asyncio.timeout(10):
        while (await plant.rows(Message, direction=Direction.OUT))[0].status != "played":
            await asyncio.sleep(0.02)


async def test_an_ambiguous_send_is_settled_by_the_receipt_before_it_is_repeated(plant: Plant) -> None:
    lost = [Retryable("timeout", landed=True)]
    plant.channel.trouble = lambda reply: lost.pop() if lost and reply.kind is ReplyKind.VOICE else None
    turn_id = await plant.says("سؤال")
    async with asyncio.timeout(10):
        while not plant.channel.sent:
            await asyncio.sleep(0.01)
    await plant.receipt("vendor-7", Status.SENT, key=f"{turn_id}:voice")
    turn = await plant.turn(turn_id)
    assert turn.state == "answered"
    [message] = await plant.rows(Message, direction=Direction.OUT)
    assert message.provider_id == "vendor-7"
    assert len(plant.channel.sent) == 1


async def test_an_ambiguous_send_without_a_receipt_is_repeated(plant: Plant) -> None:
    lost = [Retryable("timeout", landed=True)]
    plant.channel.trouble = lambda reply: lost.pop() if lost and reply.kind is ReplyKind.VOICE else None
    turn = await plant.turn(await plant.says("سؤال"))
    assert turn.state == "answered"
    assert len(plant.channel.sent) == 2


async def test_a_row_that_cannot_be_relayed_does_not_hold_up_the_others(plant: Plant) -> None:
    await plant.put("broken", '{"type": "inbound"}')
    turn = await plant.turn(await plant.says("سؤال"))
    assert turn.state == "answered"


async def test_finished_turns_are_forgotten_by_the_engine_and_kept_by_us(plant: Plant) -> None:
    turn_id = await plant.says("سؤال")
    await plant.turn(turn_id)
    await asyncio.sleep(0.3)
    assert plant.farm is not None
    assert await plant.farm.forget(datetime.now(UTC) - timedelta(days=1)) == 0
    assert await plant.farm.forget(datetime.now(UTC) + timedelta(seconds=1)) == 1
    assert (await plant.turn(turn_id)).answer == "[سؤال]"


async def test_a_customer_who_gets_a_new_name_keeps_the_conversation(plant: Plant) -> None:
    await plant.turn(await plant.says("أولا", "20100"))
    await plant.turn(await plant.says("ثانيا", "EG.abc", names=("20100",)))
    await plant.turn(await plant.says("ثالثا", "EG.abc"))
    [conversation] = await plant.rows(Conversation)
    assert conversation.chat == "EG.abc"
    assert [exchange.text for exchange in plant.engines.asked[2].history] == ["أولا", "[أولا]", "ثانيا", "[ثانيا]"]


async def test_stopping_in_the_middle_loses_nothing_and_repeats_nothing(database: Floor, tmp_path: Path) -> None:
    async with planted(database, tmp_path, burst_seconds=4.0) as plant:
        async with plant.working():
            turn_id = await plant.says(None, kind=Kind.VOICE, media="سؤال".encode())
            async with asyncio.timeout(10):
                while not [m for m in await plant.rows(Message) if m.text]:
                    await asyncio.sleep(0.02)
        assert plant.channel.sent == []
        plant.channel.files.clear()
        async with plant.working():
            assert (await plant.turn(turn_id)).answer == "[سؤال]"
        assert len(plant.channel.sent) == 1


async def test_a_tenant_may_mirror_how_the_customer_writes(database: Floor, tmp_path: Path) -> None:
    async with planted(database, tmp_path, reply="mirror") as plant, plant.working():
        written = await plant.turn(await plant.says("سؤال", "a"))
        said = await plant.turn(await plant.says(None, "b", Kind.VOICE, "سؤال آخر".encode()))
        assert (written.reply_kind, said.reply_kind) == ("text", "voice")
        assert set(plant.channel.busy_calls) == {ReplyKind.TEXT, ReplyKind.VOICE}


async def test_a_network_without_voice_gets_text(database: Floor, tmp_path: Path) -> None:
    async with planted(database, tmp_path) as plant, plant.working():
        plant.channel.limits = replace(plant.channel.limits, degrade=(ReplyKind.TEXT,))
        assert (await plant.turn(await plant.says("سؤال"))).reply_kind == "text"


async def test_who_opens_the_chat_is_greeted(plant: Plant) -> None:
    turn = await plant.turn(await plant.says("/start", kind=Kind.OPENED))
    assert turn.answer == "أهلا وسهلا بكم، كيف يمكنني مساعدتكم؟"
    assert plant.engines.asked == []


async def test_a_caption_is_a_question_and_coordinates_are_not(plant: Plant) -> None:
    photo = await plant.turn(await plant.says("بكم هذا؟", "a", Kind.IMAGE))
    place = await plant.turn(await plant.says("30.044420, 31.235712", "b", Kind.LOCATION))
    assert (photo.answer, place.note) == ("[بكم هذا؟]", "unsupported-kind")


async def test_an_engine_that_hangs_is_given_up_and_tried_again(database: Floor, tmp_path: Path) -> None:
    async with planted(database, tmp_path) as plant:
        plant.tries, plant.engines.hang = Tries(3, 0.05, patience=1.0), 1
        async with plant.working():
            once = await plant.turn(await plant.says(None, "a", Kind.VOICE, "سؤال".encode()))
            plant.engines.hang = 3
            never = await plant.turn(await plant.says(None, "b", Kind.VOICE, "سؤال".encode()))
    assert (once.state, once.heard) == ("answered", "سؤال")
    assert (never.state, never.cause) == ("dead", "took longer than 1 s")


async def test_a_turn_that_the_engine_gave_up_is_not_silent(database: Floor, tmp_path: Path) -> None:
    async with planted(database, tmp_path, burst_seconds=20.0, burst_cap=20.0) as plant, plant.working():
        turn_id = await plant.says("سؤال")
        await plant.turn(turn_id, TurnState.RUNNING)
        assert plant.farm is not None
        soon = datetime.now(UTC) + timedelta(seconds=1)
        assert await plant.farm.sweep(soon) == 0
        await DBOS.cancel_workflow_async(turn_id)
        assert await plant.farm.sweep(soon) == 1
        assert await plant.farm.sweep(soon) == 0
        turn = await plant.turn(turn_id, TurnState.DEAD)
        assert (turn.failed_step, turn.cause) == ("workflow", "CANCELLED")
        assert plant.texts() == ["عذرًا، حدث خلل عندنا ولم نتمكن من الرد الآن. سنعود إليك قريبًا."]
