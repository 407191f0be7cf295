"""Whole calls: a server process with the real embedded engines, and customers with telephones."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from sqlalchemy import select
from sqlmodel import col

from core_pipeline.contracts.calls import CallState
from core_pipeline.contracts.channel import Delivery
from core_pipeline.contracts.messages import ReplyKind
from core_pipeline.contracts.phrases import READY
from core_pipeline.media.pcm import peak
from core_pipeline.media.wav import unpacked
from errors import Impossible
from tenants.models import Conversation, Turn, TurnState
from tests.e2e.calling import AUDIBLE, Customer, Exchange, caught, exchange, sound_of, until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

FRIDAY, DISH, BRANCH = "ما هي ساعات العمل يوم الجمعة", "بكام طبق الكشري", "أين أقرب فرع"
PERSON = "+201000000009"
NUMBER, SWEETS, SILENT, CALLS_BACK = (f"1202555014{last}" for last in range(2, 6))
HELLO = {"greeting": {"ar": "أهلا بكم في مطعم اللؤلؤة", "en": "Welcome."}}
DRAIN_SECONDS = 5
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def closed() -> dict[str, object]:
    """Opening hours that are far from now."""
    hour = f"{(datetime.now(UTC).hour + 12) % 24:02}"
    return {"hours": {day: [f"{hour}:00-{hour}:30"] for day in WEEK}, "zone": "UTC"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exchange]:
    var = tmp_path_factory.mktemp("calls") / "var"
    async with exchange(var, {"DRAIN_SECONDS": str(DRAIN_SECONDS)}) as ready:
        await ready.policy(ready.demo_id, phrases=HELLO)
        yield ready
    log = (var / "server.log").read_text(errors="replace")
    assert "Traceback" not in log
    assert not [word for word in (*FRIDAY.split(), *BRANCH.split()) if word in log.split("Ctrl-C")[0]]


@pytest_asyncio.fixture(loop_scope="module")
async def caller(here: Exchange) -> AsyncIterator[Customer]:
    """Somebody who is about to call the demo restaurant, which is open."""
    await here.policy(here.demo_id, calls={})
    async with here.customer(await here.number(here.demo_id, NUMBER)) as somebody:
        yield somebody
        assert somebody.phone.faults == []


@pytest_asyncio.fixture(loop_scope="module")
async def friend(here: Exchange, caller: Customer) -> Customer:
    """The same, and they have written on WhatsApp before."""
    await here.writes(caller.digits, "مرحبا")
    return caller


async def test_an_arabic_call_from_the_greeting_to_a_person(here: Exchange, caller: Customer) -> None:
    await here.policy(here.demo_id, calls={"person": PERSON, "record": True})
    async with caller.call():
        greeting = await caller.understood()
        await caller.says(BRANCH)
        await caller.begins_to_hear()
        await asyncio.sleep(1.2)
        answer = await caller.ask(DISH)
        await caller.phone.press("0")
        assert await caller.phone.wait_end() == f"transfer:{PERSON}"
    assert caught("مطعم اللؤلؤة", greeting)
    assert caught("الكشري الصغير", answer)
    assert len(caller.phone.cleared) == 1
    assert await caller.told() == [f"{READY['recorded']['ar']} {HELLO['greeting']['ar']}"]

    interrupted, answered, put_through = await caller.said()
    assert caught(BRANCH, interrupted.question)
    assert "الزمالك" in interrupted.answer
    assert interrupted.note == "broken-into"
    assert len(interrupted.heard) < len(interrupted.answer)
    assert interrupted.times["call_clear"] > 0
    assert caught(DISH, answered.question)
    assert "45" in answered.answer
    assert answered.heard == answered.answer
    assert (put_through.note, put_through.heard) == ("handoff", READY["transferring"]["ar"])
    assert {"transcribe", "recall", "speak", "call_vad", "call_first_audio"} <= answered.times.keys()

    call = await caller.over()
    assert (call.state, call.reason, call.metrics["turns"], call.metrics["barge_ins"]) == ("ended", "transfer", 3, 1)
    theirs, ours = await caller.recording()
    assert theirs.seconds == pytest.approx(call.metrics["seconds"], abs=1.0)
    assert caught(DISH, await here.people.understands(theirs))
    assert caught("مطعم اللؤلؤة", await here.people.understands(ours))


async def conversed(caller: Customer, question: str) -> str:
    async with caller.call():
        await caller.ask(question)
        everything = await caller.understood()
        await caller.phone.hang_up()
    return everything


async def kept_silent(caller: Customer) -> str:
    async with caller.call():
        return await caller.phone.wait_end()


async def test_callers_of_three_businesses_at_once_hear_their_own(here: Exchange, caller: Customer) -> None:
    ninety, hello = "الكشري عندنا بسعر 90 جنيه.", {"greeting": {"ar": "مرحبا."}}
    sweets = await here.number(await here.business("sweets", {"price-koshary": ninety}, phrases=hello), SWEETS)
    mute = {"language": "en", "phrases": HELLO, "calls": {"silence": 3.0}}
    silent = await here.number(await here.business("silent", {}, **mute), SILENT)
    async with (
        here.customer(caller.account_id) as other,
        here.customer(sweets) as guest,
        here.customer(silent) as nobody,
    ):
        dish, branch, sweet, end = await asyncio.gather(
            conversed(caller, DISH), conversed(other, BRANCH), conversed(guest, DISH), kept_silent(nobody)
        )
        assert [one.phone.faults for one in (other, guest, nobody)] == [[], [], []]
        assert [(await one.over()).reason for one in (caller, other, guest)] == ["caller"] * 3
        assert ((await nobody.over()).reason, end) == ("silence", "hangup")
        words = READY["still_there"]["en"], READY["still_there"]["en"], READY["silence_over"]["en"]
        assert await nobody.told() == ["Welcome.", *words]
        assert peak(nobody.phone.heard) > AUDIBLE
        [asked] = await guest.said()
    assert asked.answer == ninety
    assert caught("الكشري الصغير", dish)
    assert caught("الفرع الجديد", branch)
    assert caught("الكشري عندنا", sweet)
    assert caught("مرحبا", sweet)
    assert not caught("مرحبا", dish + branch)
    assert not caught("الكشري", branch)
    assert not caught("الفرع", dish + sweet)
    assert not caught("الصغير", sweet)
    assert not caught("مطعم اللؤلؤة", sweet)


async def left_a_message(here: Exchange, caller: Customer) -> None:
    """Call a business that is closed, hear so, and leave a question."""
    await here.policy(here.demo_id, calls=closed())
    with pytest.raises(Impossible, match="message"):
        await caller.phone.dial()
    [sound] = caller.phone.sounds
    assert caught("مغلقون", await here.people.understands(unpacked(sound)))
    await caller.says(FRIDAY)
    await caller.phone.hang_up()


async def test_a_message_is_answered_on_whatsapp_where_the_customer_writes(here: Exchange, friend: Customer) -> None:
    await left_a_message(here, friend)
    note = await here.sent(friend.digits, 2)
    assert caught("الجمعة", await spoken(here, note))
    call = await friend.kept()
    assert (call.state, call.reason) == (CallState.MISSED, "voicemail")


async def test_a_strangers_message_is_answered_by_a_call_back_or_shown_to_the_business(here: Exchange) -> None:
    calls_back = await here.number(here.demo_id, CALLS_BACK, call_back=True)
    async with here.customer(calls_back) as stranger, here.customer(await here.number(here.demo_id, NUMBER)) as other:
        await asyncio.gather(left_a_message(here, stranger), left_a_message(here, other))

        async def called_back() -> bool:
            return len(stranger.phone.sounds) == 2

        await until(called_back)
        assert caught("الجمعة", await here.people.understands(unpacked(stranger.phone.sounds[1])))
        assert stranger.phone.faults == []

        async def given_up() -> Turn | None:
            dead = select(Turn).join(Conversation, col(Conversation.id) == col(Turn.conversation_id))
            async with here.db.platform(reads=True) as session:
                asked = dead.where(col(Conversation.chat) == other.digits, col(Turn.state) == TurnState.DEAD)
                return (await session.scalars(asked)).one_or_none()

        turn = await until(given_up)
        assert caught("الجمعة", turn.answer or "")
        assert "switch on call back or SMS" in (turn.cause or "")


async def test_a_dropped_call_goes_on_by_message_once(here: Exchange, friend: Customer) -> None:
    async with friend.call():
        await friend.says(DISH)
        await friend.begins_to_hear()
        await friend.phone.drop()
    call = await friend.over()
    assert (call.state, call.reason) == (CallState.DROPPED, "dropped")
    note = await spoken(here, await here.sent(friend.digits, 2))
    assert caught("تكمل معنا هنا", note)
    assert caught("الكشري الصغير", note)
    card = await here.sent(friend.digits, 3)
    assert (card.kind, card.text) == (ReplyKind.TEXT, f"{READY['call_again']['ar']} +{NUMBER}")
    await here.writes(friend.digits, "شكرا")
    everything = here.sent_to(friend.digits)
    assert [one.kind for one in everything] == [ReplyKind.VOICE, ReplyKind.VOICE, ReplyKind.TEXT, ReplyKind.VOICE]
    assert len({one.key for one in everything}) == len(everything)


async def test_kill_nine_in_a_call(here: Exchange, friend: Customer) -> None:
    async with friend.call():
        await friend.says(DISH)
        await friend.begins_to_hear()
        assert await here.town.running.end(signal.SIGKILL) == -signal.SIGKILL
        assert (await friend.kept()).state == CallState.RUNNING
    await here.town.running.start()
    call = await friend.over()
    assert (call.state, call.reason) == (CallState.DROPPED, "restart")
    assert caught("تكمل معنا هنا", await spoken(here, await here.sent(friend.digits, 2)))
    friend.phone.faults.clear()  # a vendor that finds nobody listening notes it


async def test_a_deploy_lets_calls_finish_and_takes_no_more(here: Exchange, caller: Customer) -> None:
    server = here.town.running
    assert server.process is not None
    async with here.customer(caller.account_id) as patient, here.customer(caller.account_id) as late:
        await patient.phone.dial()
        async with caller.call():
            server.process.send_signal(signal.SIGTERM)
            await until(lambda: refused(late))
            assert caught("مشغولة", await here.people.understands(unpacked(late.phone.sounds[0])))
            assert caught("الكشري الصغير", await caller.ask(DISH))
            await caller.phone.hang_up()
            assert await patient.phone.wait_end() == "hangup"
        assert await asyncio.wait_for(server.process.wait(), 30) == 0, server.log()
        assert caught("مع السلام", await patient.understood())
        assert ((await patient.kept()).state, (await patient.kept()).reason) == (CallState.ENDED, "drained")
        assert (await caller.kept()).state == CallState.ENDED


async def refused(late: Customer) -> bool:
    """Whether no more calls are taken: the server may not have noticed the signal yet."""
    try:
        await late.phone.dial()
    except Impossible as error:
        return error.code == "message"
    await late.phone.hang_up()
    return False


async def spoken(here: Exchange, note: Delivery) -> str:
    """The words of a voice note."""
    assert (note.kind, note.faults) == (ReplyKind.VOICE, ())
    [sound] = sound_of(note.data or b"")
    return await here.people.understands(sound)
