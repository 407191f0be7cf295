"""Keys, writing, buttons, openings and what the host does with a call, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from core_pipeline.calls.equipment import Equipment
from core_pipeline.calls.host import End, Say, Transfer
from core_pipeline.contracts.legs import Finished, Interrupted, Key, Typed
from errors import Retryable
from tests.calls.loop.scene import FakeLeg, Opened, RoteHost
from tests.calls.loop.virtual import run

Speech = Callable[..., bytes]


def test_a_business_without_words_still_ends_its_calls(equipment: Equipment, speech: Speech) -> None:
    class Wordless(RoteHost):
        def words(self, name: str, language: str) -> str:
            raise Retryable("database-down", "x")

    async def doing() -> None:
        host = Wordless(hears=lambda _: "")
        async with Opened(equipment, host, silence=4.0) as scene:
            await scene.say(speech("question"))
            await scene.until(scene.running.done, 60.0)
            assert 11.5 < scene.leg.now < 15
        assert scene.running.result().reason == "silence"

    run(doing())


def test_keys_mean_something_at_once_or_after_a_while(equipment: Equipment) -> None:
    async def doing() -> None:
        host = RoteHost()
        async with Opened(equipment, host, keys=frozenset({"0", "12", "9"}), opening=("أهلا بك. " * 20,)) as scene:
            await scene.wait(0.5)
            scene.leg.send(Key("0"))
            await scene.until(lambda: host.minutes and host.minutes[-1].turn == 1)
            assert len(scene.leg.clears) == 1
            began = scene.leg.now
            for digit in "4512":
                scene.leg.send(Key(digit))
                await scene.wait(0.5)
            await scene.until(lambda: len(host.asked) == 2)
            assert 3.4 < scene.leg.now - began < 4.0
            for digit in "77#":
                scene.leg.send(Key(digit))
            await scene.until(lambda: len(host.asked) == 3, 0.5)
        assert [digits for digits, _ in host.asked] == ["0", "4512", "77"]
        opening, first = host.minutes[0], host.minutes[1]
        assert opening.turn == 0
        assert opening.broken_into
        assert first.heard is None
        assert first.speech is None

    run(doing())


def test_what_is_written_is_answered(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        host = RoteHost(seconds=lambda _: 3.0)
        async with Opened(equipment, host) as scene:
            scene.leg.send(Typed("أين أنتم؟"))
            await scene.until(lambda: scene.leg.sent, 1.0)
            await scene.wait(1.0)
            scene.leg.send(Interrupted())
            await scene.until(lambda: host.minutes, 1.0)
            assert scene.leg.silent
        assert host.asked == [("أين أنتم؟", 1)]
        assert host.minutes[0].broken_into
        assert not host.minutes[0].lines[0].heard

    run(doing())


def test_a_released_button_ends_the_turn_at_once(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        host = RoteHost(hearing_seconds=0.05)
        async with Opened(equipment, host, pause=3.0) as scene:
            await scene.say(speech("question")[: 2 * 8_000 * 2])
            released = scene.leg.now
            scene.leg.send(Finished())
            await scene.until(lambda: scene.leg.sent, 1.0)
            assert scene.leg.sent[0][0] - released < 0.3
            await scene.until(lambda: host.minutes)
            await scene.say(speech("question"))
            await scene.wait(0.4)
            scene.leg.send(Finished())
            await scene.until(lambda: len(host.asked) == 2, 0.3)
            await scene.until(lambda: len(host.minutes) == 2)
            scene.leg.send(Finished())
            await scene.until(lambda: len(host.minutes) == 3)
        assert host.lines[-1] == (0, "لم أسمعك.", True)

    run(doing())


def test_a_line_that_sends_nothing_in_silence_ends_turns_too(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        host = RoteHost()
        async with Opened(equipment, host) as scene:
            await scene.say(speech("question")[: 2 * 8_000 * 2])
            await asyncio.sleep(2.0)
            assert host.asked

    run(doing())


@pytest.mark.parametrize("interrupts", [True, False])
def test_the_opening_is_interrupted_by_speech_only_if_that_is_wanted(
    equipment: Equipment, speech: Speech, interrupts: bool
) -> None:
    async def doing() -> None:
        host = RoteHost(seconds=lambda text: 8.0 if text == "أهلا." else 1.0)
        async with Opened(equipment, host, opening=("أهلا.",), interrupts=interrupts) as scene:
            await scene.wait(1.0)
            await scene.say(speech("question"))
            await scene.until(lambda: len(host.minutes) == 2)
        assert bool(scene.leg.clears) == interrupts
        assert host.lines == [(0, "أهلا.", not interrupts), (1, "جواب سؤال", True)]
        assert host.minutes[0].broken_into == interrupts

    run(doing())


def test_the_language_follows_the_caller(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        host = RoteHost(hears=lambda _: "hello", answers=lambda _: [5.0, Say("hi", "en")])
        async with Opened(equipment, host) as scene:
            await scene.say(speech("english"))
            await scene.until(lambda: host.minutes)
        assert [line.text for line in host.minutes[0].lines] == ["moment", "hi"]

    run(doing())


@pytest.mark.parametrize("works", [True, False])
def test_a_transfer_waits_until_everything_was_heard(equipment: Equipment, speech: Speech, works: bool) -> None:
    async def doing() -> None:
        host = RoteHost(answers=lambda _: [Say("سأحولك", "ar"), Transfer("+2010")], seconds=lambda _: 2.0)
        async with Opened(equipment, host, FakeLeg(transfers=works)) as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: scene.running.done() or len(host.minutes) == 2)
        assert host.lines[0] == (1, "سأحولك", True)
        assert scene.leg.gone == ("transfer:+2010" if works else "hangup")
        assert host.outcome is not None
        assert host.outcome.reason == ("transfer" if works else "caller")
        assert works or host.lines[1] == (0, "عذرا حدث خلل.", True)

    run(doing())


@pytest.mark.parametrize("works", [True, False])
def test_who_is_not_to_be_talked_to_is_put_through_after_the_first_words(
    equipment: Equipment, speech: Speech, works: bool
) -> None:
    async def doing() -> None:
        host = RoteHost(seconds=lambda _: 2.0)
        manner: dict[str, Any] = {"opening": ("أهلا.", "سأحولك"), "closing": Transfer("+2010", otherwise="still_there")}
        async with Opened(equipment, host, FakeLeg(transfers=works), **manner) as scene:
            await scene.wait(1.0)
            if works:
                await scene.say(speech("question"))  # nobody answers it: people are on their way
            await scene.until(lambda: scene.running.done() or len(host.minutes) == 2)
            assert scene.running.done() == works
        assert scene.leg.gone == ("transfer:+2010" if works else "hangup")
        assert host.lines[:2] == [(0, "أهلا.", True), (0, "سأحولك", True)]
        assert host.lines[2:] == ([] if works else [(0, "هل ما زلت معي؟", True)])
        assert host.asked == []

    run(doing())


def test_the_host_ends_the_call_once_its_goodbye_was_heard(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        host = RoteHost(answers=lambda _: [Say("وداعا", "ar"), End("goodbye"), Say("لا", "ar")])
        async with Opened(equipment, host) as scene:
            await scene.say(speech("question"))
            await scene.until(scene.running.done)
        assert host.lines == [(1, "وداعا", True)]
        assert scene.running.result().reason == "goodbye"

    run(doing())


def test_a_caller_may_keep_us_from_hanging_up(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        host = RoteHost(answers=lambda _: [Say("وداعا", "ar"), End("goodbye")], seconds=lambda _: 4.0)
        async with Opened(equipment, host) as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: scene.leg.sent)
            await scene.wait(1.0)
            host.answers = lambda _: [Say("نعم؟", "ar")]
            await scene.say(speech("barge"))
            await scene.until(lambda: len(host.minutes) == 2)
            assert not scene.running.done()

    run(doing())
