"""A leg over WebRTC between two real ends: sound, marks, barge-in, keys, writing, and every way in which it ends."""

from __future__ import annotations

import asyncio
import time

import pytest

from channels.rtc.caller import RtcCaller
from channels.rtc.leg import RtcLeg
from core_pipeline.contracts.legs import Finished, Interrupted, Key, Reached, Sense, Told, Typed
from errors import Impossible, Retryable
from tests.channels.rtc.ends import RATE, babble, ends, likeness, samples


async def played(leg: RtcLeg, seconds: float) -> None:
    """Wait until so much was sent."""
    async with asyncio.timeout(10):
        while leg.played < seconds:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("ours", [False, True], ids=["their offer", "our offer"])
async def test_sound_arrives_both_ways(ours: bool) -> None:
    said, answered = babble(1.0), babble(1.2, seed=4)
    async with ends(ours=ours) as both:
        await both.leg.play(answered.data)
        await both.leg.mark("all")
        await both.caller.say(said)
        assert await both.until(1) == [Reached("all")]
        await both.caller.listen(0.1)
        assert likeness(both.sound, said.data)[0] > 0.8
        assert likeness(both.caller.heard.data, answered.data)[0] > 0.8
        assert both.leg.played == pytest.approx(1.2)
        assert likeness(both.caller.heard.data, said.data)[0] < 0.5


async def test_marks_come_in_order_when_what_is_before_them_was_heard() -> None:
    async with ends() as both:
        at: dict[str, float] = {}
        began = time.monotonic()
        await both.leg.mark("first")
        await both.leg.play(babble(0.31).data)  # not a whole number of packets
        await both.leg.mark("second")
        await both.leg.play(babble(0.2).data)
        await both.leg.mark("third")
        for count, name in enumerate(("first", "second", "third"), 1):
            assert (await both.until(count))[-1] == Reached(name)
            at[name] = time.monotonic() - began
        assert at["second"] > 0.27
        assert at["third"] > 0.47
        assert both.leg.played == pytest.approx(0.51)


async def test_clear_silences_within_a_third_of_a_second_and_gives_its_marks() -> None:
    async with ends() as both:
        await both.leg.play(babble(5.0).data)
        await both.leg.mark("end")
        await both.caller.listen(0.5)
        await both.leg.clear()
        cleared, before = both.caller.now, both.leg.played
        assert await both.until(1) == [Reached("end")]
        await both.caller.quiet(0.4, timeout=5)
        heard = samples(both.caller.heard.data)
        assert abs(heard[round((cleared + 0.34) * RATE) :]).max() < 300
        assert abs(heard[round((cleared - 0.3) * RATE) : round(cleared * RATE)]).max() > 3000
        assert both.leg.played == pytest.approx(before, abs=0.021)
        after = babble(0.5, seed=5)
        await both.leg.play(after.data)
        await played(both.leg, before + 0.5)
        await both.caller.listen(0.1)
        assert likeness(both.caller.heard.data, after.data)[0] > 0.8


async def test_a_stall_is_not_made_up_for_by_a_burst() -> None:
    async with ends() as both:
        await both.leg.play(babble(3.0).data)
        await played(both.leg, 0.2)
        before, began = both.leg.played, time.monotonic()
        time.sleep(0.6)  # noqa: ASYNC251 - the stall
        await asyncio.sleep(0.3)
        passed = time.monotonic() - began
        assert both.leg.played - before < passed - 0.4


async def test_keys_come_among_the_sound_each_once() -> None:
    async with ends() as both:
        said = babble(1.0)
        saying = asyncio.create_task(both.caller.say(said))
        for digit in "1599*0#":
            await both.caller.press(digit)
        await saying
        assert await both.until(7) == [Key(digit) for digit in "1599*0#"]
        assert both.caller.faults == []


@pytest.mark.parametrize("ours", [False, True], ids=["they open the channel", "we open the channel"])
async def test_what_is_written_goes_both_ways(ours: bool) -> None:
    caller = RtcCaller(writes=not ours)
    async with ends(caller=caller, ours=ours) as both:
        await caller.opened()
        assert both.leg.screen == "text"
        for message in (
            {"type": "text", "text": "متى تفتحون؟"},
            {"type": "key", "digit": "0"},
            {"type": "finish"},
            {"type": "interrupt"},
            {"type": "key", "digit": "10"},
            {"type": "text", "text": " "},
            {"type": ["text"]},
            {"type": "start"},
            {"type": "key", "digit": "#"},
        ):
            caller.write(message)
        assert await both.until(5) == [Typed("متى تفتحون؟"), Key("0"), Finished(), Interrupted(), Key("#")]
        await both.leg.told(Told("state", Sense.THINKING))
        await both.leg.told(Told("transcript", "متى", turn=1, language="ar", final=False))
        await both.leg.told(Told("answer", "من التاسعة.", turn=1, language="ar"))
        await both.leg.told(Told("cleared"))
        await both.leg.told(Told("error", "try again", code="trouble"))
        told = await caller.until_told(5)
        assert [{key: value for key, value in one.items() if key != "at"} for one in told] == [
            {"type": "state", "state": "thinking"},
            {"type": "transcript", "text": "متى", "turn": 1, "final": False, "language": "ar"},
            {"type": "answer", "text": "من التاسعة.", "turn": 1, "language": "ar"},
            {"type": "clear"},
            {"type": "error", "text": "try again", "code": "trouble"},
        ]
        assert len(caller.cleared) == 1
        caller.write({"type": "end"})
        await both.until_ended()


async def test_what_is_told_before_the_channel_is_open_comes_once_it_is() -> None:
    caller, leg = RtcCaller(writes=True), RtcLeg()
    await leg.told(Told("state", Sense.SPEAKING))
    await leg.told(Told("answer", "أهلا وسهلا.", language="ar"))
    async with ends(leg, caller) as both:
        await caller.opened()
        await both.leg.told(Told("state", Sense.LISTENING))
        told = await caller.until_told(3)
        assert [one.get("text", one.get("state")) for one in told] == ["speaking", "أهلا وسهلا.", "listening"]


async def test_hanging_up_ends_both_ends_and_says_so() -> None:
    caller = RtcCaller(writes=True)
    async with ends(caller=caller) as both:
        await caller.opened()
        await both.leg.hang_up()
        await both.until_ended()
        await caller.wait_gone()
        assert caller.told[-1]["type"] == "ended"
        await both.leg.play(b"\1\0" * 320)
        await both.leg.clear()
        await both.leg.told(Told("state", Sense.LISTENING))


async def test_a_caller_who_leaves_ends_the_leg() -> None:
    async with ends() as both:
        await both.caller.close()
        await both.until_ended()
        assert not both.leg.dropped


async def test_a_caller_who_is_lost_ends_the_leg_after_a_while() -> None:
    async with ends(RtcLeg(gone=1.0)) as both:
        await both.caller.drop()
        await both.until_ended()
        assert both.leg.dropped


async def test_an_offer_that_nobody_follows_up_ends() -> None:
    leg, caller = RtcLeg(connecting=0.3), RtcCaller()
    await leg.answer(await caller.offer())
    assert [event async for event in leg.events()] == []
    with pytest.raises(Retryable, match="rtc"):
        await leg.wait_connected()
    await caller.close()


async def test_a_web_call_goes_nowhere_else() -> None:
    leg = RtcLeg()
    assert leg.screen == "none"
    with pytest.raises(Impossible, match="no-transfer"):
        await leg.transfer("+201000000000")
    with pytest.raises(Impossible, match="no-films"):
        await leg.film(b"film", "mark")
    await leg.close()
    await leg.close()
