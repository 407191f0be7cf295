"""Callers and people: put through by the tenant's rules, or instead of the bot, or asked for a message."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select

from core_pipeline.calls.equipment import Equipment
from core_pipeline.calls.face import LiveFaces
from core_pipeline.calls.host import Line, Minutes, Transfer
from core_pipeline.calls.hosting import host_for
from core_pipeline.calls.leading import Leading
from core_pipeline.contracts.calls import Ticket
from core_pipeline.contracts.legs import Typed
from core_pipeline.contracts.phrases import READY
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.thinking import handing
from errors import Retryable
from tenants import quotas
from tenants.models import Call, Conversation, Direction, Message, Notice, Subscription, Turn, TurnStage, now
from tests.calls.hosting.stage import Stage, make_call, staged, texts
from tests.calls.loop.scene import FakeLeg
from tests.conftest import Floor

PERSON = "+201000000000"
AR = {name: said["ar"] for name, said in READY.items()}
EN = {name: said["en"] for name, said in READY.items()}
PUT_THROUGH = [AR["transferring"], f"transfer {PERSON}"]
CLOSED: dict[str, Any] = {"week": {"mon": []}}


async def conversation(stage: Stage, **changes: Any) -> Conversation:
    """The conversation as it is kept, after these changes."""
    async with stage.floor.db.platform() as session:
        kept = await session.get_one(Conversation, stage.conversation.id)
        for name, value in changes.items():
            setattr(kept, name, value)
        return kept


async def used(stage: Stage) -> int:
    async with stage.floor.db.tenant(stage.tenant.id, reads=True) as session:
        return (await quotas.month(session, "UTC")).used


async def bounded(stage: Stage, messages: int) -> None:
    async with stage.floor.db.platform() as session:
        await quotas.allow(session, stage.tenant.id, messages, stop=True)


@pytest.mark.parametrize(
    ("handoff", "said"),
    [({"words": ["استرداد"]}, "أريد الاسترداد فورا"), ({"angry": True}, "أنتم نصابين وخدمتكم سيئة")],
)
async def test_the_tenants_rules_put_a_caller_through(
    sqlite_database: Floor, tmp_path: Path, handoff: dict[str, Any], said: str
) -> None:
    async with staged(sqlite_database, tmp_path, handoff=handoff, calls={"person": PERSON}) as stage:
        assert texts(await stage.says(said)) == PUT_THROUGH
        assert [turn.note for turn in await stage.rows(Turn)] == [handing.HANDED]
        assert stage.engines.asked == []
    async with staged(sqlite_database, tmp_path, calls={"person": PERSON}) as plain:
        assert texts(await plain.says(said)) == [f"[{said}]"]


async def test_too_many_that_we_do_not_know_ask_a_person_once(database: Floor, tmp_path: Path) -> None:
    async with staged(database, tmp_path, answerable=0.1, handoff={"after_unknown": 3}) as stage:
        own: dict[str, Any] = {
            "tenant_id": stage.tenant.id,
            "conversation_id": stage.conversation.id,
            "state": "answered",
        }
        before = datetime.now(UTC) - timedelta(minutes=5)
        async with database.db.platform() as session:  # one that was asked in writing counts as well
            session.add(Turn(id="chat", note="unknown", answer=AR["unknown"], started_at=before, **own))
            told: dict[str, Any] = {"url": "https://a.example", "sealed": "s", "events": ["handoff.requested"]}
            session.add(Subscription(tenant_id=stage.tenant.id, **told))
        assert texts(await stage.says("كم عدد الفروع عندكم")) == [AR["unknown"]]
        assert texts(await stage.says("من هو مدير الشركة")) == [AR["unknown"], AR["no_person"]]
        assert (await conversation(stage)).handed_at is not None
        assert texts(await stage.says("متى تأسست الشركة")) == [AR["unknown"]]
        assert {turn.note for turn in await stage.rows(Turn)} == {"unknown"}
        async with database.db.tenant(stage.tenant.id, reads=True) as session:
            assert [notice.event for notice in await session.scalars(select(Notice))] == ["handoff.requested"]


async def test_too_many_put_the_caller_through_where_one_is_there(sqlite_database: Floor, tmp_path: Path) -> None:
    rules: dict[str, Any] = {"handoff": {"after_unknown": 2}, "calls": {"person": PERSON}}
    async with staged(sqlite_database, tmp_path, answerable=0.1, **rules) as stage:
        assert texts(await stage.says("كم عدد الفروع عندكم")) == [AR["unknown"]]
        assert texts(await stage.says("من هو مدير الشركة")) == [AR["unknown"], *PUT_THROUGH]
        assert (await stage.row(Call, stage.call_id)).reason == "transfer"


@pytest.mark.parametrize(
    ("when_closed", "names", "note"),
    [(True, ["no_person", "closed_note"], handing.HANDED), (False, ["closed_note"], handing.CLOSED)],
)
async def test_who_wants_a_person_while_the_business_is_closed(
    sqlite_database: Floor, tmp_path: Path, when_closed: bool, names: list[str], note: str
) -> None:
    handoff = {"when_closed": when_closed}
    always = {day: ["00:00-24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    night_desk = {"person": PERSON, "hours": always}
    for calls in ({"person": PERSON}, {"hours": always}, *([] if when_closed else [night_desk])):
        async with staged(sqlite_database, tmp_path, hours=CLOSED, handoff=handoff, calls=calls) as stage:
            said = texts(await stage.says("أريد أن أكلم موظف"))
            assert [one.split(".")[0] for one in said] == [AR[name].split(".")[0] for name in names]
            assert [turn.note for turn in await stage.rows(Turn)] == [note]
            assert ((await conversation(stage)).handed_at is not None) == when_closed


async def test_a_business_with_one_language_speaks_it_and_as_it_wants(sqlite_database: Floor, tmp_path: Path) -> None:
    manner: dict[str, Any] = {"tone": "formal", "dialect": "gulf"}
    async with staged(sqlite_database, tmp_path, answers_in="en", call={"language": "ar"}, **manner) as stage:
        assert stage.manner.opening == (EN["greeting"],)
        assert (await stage.hears("متى تفتحون المطعم اليوم")).language == "en"
        await stage.says("متى تفتحون المطعم اليوم")
        await stage.says("كلمني بالعربي")
        asked = stage.engines.asked[-1]
        assert (asked.language, asked.tone, asked.dialect) == ("en", "formal", "gulf")
        assert texts(await stage.says("أريد أن أكلم موظف")) == [EN["no_person"]]


async def test_a_used_up_month_puts_new_callers_through_and_lets_others_finish(database: Floor, tmp_path: Path) -> None:
    async with staged(database, tmp_path, calls={"person": PERSON, "announce": True}) as stage:
        await bounded(stage, 1)
        await stage.says("متى تفتحون المطعم اليوم")
        assert await used(stage) == 1
        assert texts(await stage.says("كم سعر الشاورما عندكم")) == ["[كم سعر الشاورما عندكم]"]
        assert await used(stage) == 2
        late = await stage.again()
        assert late.manner.opening == (AR["greeting"], AR["away"], AR["transferring"])
        assert late.manner.closing == Transfer(PERSON, otherwise="say_message")
        assert (await stage.row(Call, late.call_id)).reason == "transfer"
        assert (await conversation(stage)).handed_at is None
        await late.hangs_up("transfer")


async def test_a_used_up_month_takes_messages_where_nobody_can_be_reached(database: Floor, tmp_path: Path) -> None:
    async with staged(database, tmp_path, calls={"person": PERSON}) as first:
        await first.says("متى تفتحون المطعم اليوم")
        await bounded(first, 1)
        asked = len(first.engines.asked)
        stage = await first.again()
        stage.host, stage.manner = await host_for(stage.lobby, stage.call_id, transfers=False)  # a page on the web
        assert stage.manner.opening == (AR["greeting"], AR["away"], AR["say_message"])
        assert (stage.manner.closing, stage.manner.pause, stage.manner.filler) == (None, 2.0, 0.0)
        await stage.host.wrote(Minutes(0, lines=[Line(AR["greeting"], "ar", heard=True)]))
        assert (await stage.hears("كلام غير واضح", confidence=0.1)).text
        assert texts(await stage.says("أريد أن أسأل عن موعدي")) == [AR["message_kept"]]
        assert len(first.engines.asked) == asked
        assert await used(stage) == 1
        kept = await conversation(stage)
        assert kept.handed_at is not None
        assert (kept.unread, kept.last_text, kept.last_direction) == (1, "أريد أن أسأل عن موعدي", "in")
        [message] = [one for one in await stage.rows(Message) if one.provider_id == f"voicemail:{stage.call_id}:1"]
        assert (message.kind, message.seconds, len(message.peaks)) == ("voice", 1.0, 64)
        async with Sandbox() as sandbox:
            sound = await sandbox.decode(await stage.lobby.blobs.get(stage.tenant.id, message.blob))
        assert sound.seconds == pytest.approx(1.0, abs=0.2)
        turn = await stage.row(Turn, message.turn_id)
        assert (turn.note, turn.reply_kind, turn.call_id, turn.answer) == (handing.QUOTA, None, None, None)
        assert {one.name for one in await stage.rows(TurnStage, turn_id=turn.id)} == {"call_first_audio"}
        assert texts(await stage.says("شكرا مع السلامة")) == [AR["goodbye"], "end goodbye"]
        assert (await conversation(stage)).unread == 1
        await stage.hangs_up("goodbye")


@pytest.mark.parametrize("why", [handing.TAKEN, handing.WAITS])
async def test_a_conversation_that_people_look_after_is_theirs_in_calls_too(
    sqlite_database: Floor, tmp_path: Path, why: str
) -> None:
    held: dict[str, Any] = {"handed_at": now()}
    if why == handing.TAKEN:
        held = {"mode": "human", "agent_id": "mona", "taken_at": now()}
    async with staged(sqlite_database, tmp_path, handoff_hours=4, calls={"record": True}) as first:
        before = await conversation(first, **held)
        stage = await first.again()
        assert stage.manner.opening == (AR["recorded"], AR["greeting"], AR["with_colleague"], AR["say_message"])
        assert texts(await stage.says("where is my order", language="en")) == [EN["message_kept"]]
        assert texts(await stage.presses("01012345678#")) == [EN["message_kept"]]
        assert texts(await stage.presses("9")) == [EN["say_message"]]
        assert stage.engines.asked == []
        after = await conversation(stage)
        assert (after.mode, after.agent_id, after.handed_at) == (before.mode, before.agent_id, before.handed_at)
        assert after.unread == 2
        left = await stage.rows(Message)
        assert [(one.direction, one.kind, one.text) for one in left] == [
            (Direction.IN, "voice", "where is my order"),
            (Direction.IN, "text", "01012345678"),
        ]
        assert {turn.note for turn in await stage.rows(Turn)} == {why}
        await stage.hangs_up()
        await stage.policy(calls={"person": PERSON})
        third = await stage.again()
        assert third.manner.closing == Transfer(PERSON, otherwise="say_message")
        await conversation(stage, mode="bot", handed_at=None)
        free = await stage.again()
        assert free.manner.opening == (EN["greeting"],)
        await third.hangs_up()
        await free.hangs_up()


async def test_whole_calls_end_with_a_person_or_a_message(sqlite_database: Floor, tmp_path: Path) -> None:
    async with staged(sqlite_database, tmp_path, calls={"person": PERSON}) as first:
        await conversation(first, mode="human", agent_id="mona")
        leading = Leading(first.lobby, Equipment(), cast("Sandbox", None), cast("LiveFaces", None))
        own = first.tenant.id, first.conversation.account_id, ""
        phone, page = FakeLeg(screen="none"), FakeLeg(transfers=False)
        through, written = [await make_call(sqlite_database, first.conversation) for _ in range(2)]
        assert await leading.lead(Ticket(through, *own), phone) == "transfer"
        assert phone.gone == f"transfer:{PERSON}"
        talking = asyncio.create_task(leading.lead(Ticket(written, *own), page))
        page.send(Typed("أين طلبي"))
        while AR["message_kept"] not in [told.text for told in page.told_all]:
            await asyncio.sleep(0.01)
        page.drop()
        assert await talking == "caller"
        assert [one.text for one in await first.rows(Message)] == ["أين طلبي"]
        assert {(one.state, one.reason) for one in await first.rows(Call) if one.reason} == {
            ("ended", "transfer"),
            ("ended", "caller"),
        }


async def test_a_message_of_which_nothing_was_understood_is_kept_as_sound(
    sqlite_database: Floor, tmp_path: Path
) -> None:
    async with staged(sqlite_database, tmp_path) as first:
        await conversation(first, mode="human", agent_id="mona")
        stage = await first.again()
        stage.engines.fail["asr"] = [Retryable("down")]
        heard = await stage.hears("رسالة طويلة")
        assert texts(await stage.says(heard.text)) == [AR["message_kept"]]
        [message] = await stage.rows(Message)
        assert (message.text, message.error) == (None, "not-heard")
        assert message.blob is not None
        await stage.hangs_up()


async def test_a_line_that_reaches_nobody_offers_nobody(sqlite_database: Floor, tmp_path: Path) -> None:
    async with staged(sqlite_database, tmp_path, calls={"person": PERSON, "announce": True}) as stage:
        host, manner = await host_for(stage.lobby, stage.call_id, transfers=False)
        assert manner.opening == (AR["greeting"], "لسماع آخر إجابة مرة أخرى، اضغط تسعة.")
        assert texts(await replace(stage, host=host).says("أريد أن أكلم موظف")) == [AR["no_person"]]
