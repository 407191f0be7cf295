"""A caller asks, is answered, breaks in, goes on, is silent: what the loop makes of real speech, in virtual time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core_pipeline.calls.equipment import Equipment
from core_pipeline.calls.host import Say
from errors import Retryable
from tests.calls.loop.scene import FakeLeg, Opened, Rote, RoteHost
from tests.calls.loop.virtual import run

Speech = Callable[..., bytes]


def test_a_question_is_answered_soon_after_its_end(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        async with Opened(equipment) as scene:
            await scene.wait(1.0)
            await scene.say(speech("question"))
            await scene.until(lambda: scene.leg.sent)
            await scene.until(lambda: scene.host.minutes)
        (minutes,) = scene.host.minutes
        assert [(line.text, line.heard) for line in minutes.lines] == [("جواب سؤال", True)]
        assert minutes.turn == 1
        assert not minutes.broken_into
        assert minutes.heard is not None
        assert minutes.heard.text == "سؤال"
        assert minutes.speech is not None
        assert 3.0 < minutes.speech.seconds < 5.0
        times = minutes.times
        assert 190 <= times["vad"] <= 230
        assert 250 <= times["decide"] <= 320
        assert times["asr"] == 0
        assert 500 <= times["first_audio"] <= 600
        assert len(scene.leg.played_at) == 50
        assert [told.text for told in scene.leg.told_all if told.kind == "transcript" and told.final] == ["سؤال"]
        assert scene.states[:4] == ["hearing", "thinking", "speaking", "listening"]
        assert scene.host.outcome is not None
        assert scene.host.outcome.reason == "caller"
        assert scene.host.outcome.metrics["underruns"] == 0
        assert scene.host.outcome.metrics["turns"] == 1
        assert scene.leg.gone == "hangup"

    run(doing())


def test_a_caller_breaks_in_and_only_what_was_heard_counts(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        answers = [Say(f"جملة {n}", "ar") for n in range(4)]
        host = RoteHost(answers=lambda _: answers, seconds=lambda _: 1.5)
        async with Opened(equipment, host, FakeLeg(delay=0.4)) as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: scene.leg.sent)
            await scene.wait(3.1)  # the second mark is on its way back
            began = scene.leg.now
            await scene.say(speech("barge")[: 2 * 8_000])
            assert len(scene.leg.clears) == 1
            assert 0.1 <= scene.leg.clears[0] - began <= 0.25
            assert host.open == []
            await scene.until(lambda: len(host.minutes) == 1)
        first = host.minutes[0]
        assert [(line.text, line.heard) for line in first.lines] == [
            ("جملة 0", True),
            ("جملة 1", False),
            ("جملة 2", False),
            ("جملة 3", False),
        ]
        assert first.broken_into
        assert first.times["clear"] <= 200
        assert "cleared" in [told.kind for told in scene.leg.told_all]
        assert host.most_at_once == {"hear": 1, "answer": 1}

    run(doing())


def test_a_caller_who_goes_on_is_answered_once_with_all_they_said(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        host = RoteHost(answers=lambda _: [0.8, Say("جواب", "ar")])
        async with Opened(equipment, host) as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: host.asked)  # the turn was taken, too early
            await scene.say(speech("barge"))
            await scene.until(lambda: host.minutes)
        assert [turn for _, turn in host.asked] == [1, 1]
        assert host.heard[-1] > host.heard[0] + 2.0
        (minutes,) = host.minutes
        assert minutes.turn == 1
        assert scene.leg.clears == []
        assert host.outcome is not None
        assert host.outcome.metrics["merged"] == 1
        assert host.outcome.metrics["barge_ins"] == 0

    run(doing())


def test_who_was_already_speaking_when_the_answer_began_goes_on_too(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        host = RoteHost(hearing_seconds=0.01, speaking_seconds=0.3)
        async with Opened(equipment, host) as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: host.spoken)
            await scene.wait(0.2)
            await scene.say(speech("barge"))
            await scene.until(lambda: host.minutes)
        assert len(scene.leg.clears) == 1
        assert [turn for _, turn in host.asked] == [1, 1]
        assert [line.heard for line in host.minutes[-1].lines] == [True]

    run(doing())


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [("سؤال كامل", 500, 620), ("أريد أن أعرف لأن", 1200, 1300), ("رقمي صفر خمسة", 1200, 1300)],
)
def test_who_seems_unfinished_is_given_more_time(
    equipment: Equipment, speech: Speech, text: str, least: float, most: float
) -> None:
    async def doing() -> None:
        async with Opened(equipment, RoteHost(hears=lambda _: text)) as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: scene.host.minutes)
        assert least <= scene.host.minutes[0].times["first_audio"] <= most

    run(doing())


def test_a_late_answer_is_announced_once(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        host = RoteHost(answers=lambda _: [6.0, Say("جواب", "ar")])
        async with Opened(equipment, host) as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: host.minutes)
        assert [line.text for line in host.minutes[0].lines] == ["لحظة من فضلك.", "جواب"]
        assert scene.leg.sent[0][0] < 6.5
        async with Opened(equipment, RoteHost(answers=lambda _: [6.0, Say("جواب", "ar")]), filler=0.0) as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: scene.host.minutes)
        assert [line.text for line in scene.host.minutes[0].lines] == ["جواب"]

    run(doing())


def test_a_slow_recogniser_is_announced_as_well(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        host = RoteHost(hearing_seconds=4.0)
        async with Opened(equipment, host) as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: host.minutes)
        assert [line.text for line in host.minutes[0].lines] == ["لحظة من فضلك.", "جواب سؤال"]

    run(doing())


def test_silence_is_asked_about_twice_and_then_ends_the_call(equipment: Equipment) -> None:
    async def doing() -> None:
        async with Opened(equipment, opening=("أهلا بك.",), silence=5.0) as scene:
            await scene.until(scene.running.done, 60.0)
            ended = scene.leg.now
        assert [text for _, text, _ in scene.host.lines] == ["أهلا بك.", *["هل ما زلت معي؟"] * 2, "سأنهي المكالمة."]
        assert all(heard for _, _, heard in scene.host.lines)
        assert {turn for turn, _, _ in scene.host.lines} == {0}
        assert scene.running.result().reason == "silence"
        assert 18.5 < ended < 22
        assert [told.text for told in scene.leg.told_all if told.kind == "notice"] == ["silence"] * 3 + ["end"]

    run(doing())


def test_noise_without_words_makes_it_speak_twice_only(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        async with Opened(equipment, RoteHost(hears=lambda _: ""), silence=120.0) as scene:
            for _ in range(4):
                await scene.say(speech("short"))
                await scene.wait(3.0)
        assert [text for _, text, _ in scene.host.lines] == ["لم أسمعك."] * 2
        assert {turn for turn, _, _ in scene.host.lines} == {0}
        assert scene.host.outcome is not None
        assert scene.host.outcome.metrics["turns"] == 0

    run(doing())


@pytest.mark.parametrize("where", ["hear", "answer", "late answer", "nothing"])
def test_trouble_is_told_and_the_call_goes_on(equipment: Equipment, speech: Speech, where: str) -> None:
    async def doing() -> None:
        host = RoteHost()
        broken = Retryable("asr-down", "x")
        if where == "hear":
            host.hears = lambda _: _raise(broken)
        else:
            steps: dict[str, list[Rote]] = {
                "answer": [broken],
                "late answer": [Say("أ", "ar"), KeyError("x")],
                "nothing": [],
            }
            host.answers = lambda _: steps[where]
        async with Opened(equipment, host) as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: host.minutes)
            host.hears, host.answers = lambda _: "ثان", lambda _: [Say("جواب", "ar")]
            await scene.say(speech("question"))
            await scene.until(lambda: len(host.minutes) == 2)
        assert host.minutes[0].lines[-1].text == "عذرا حدث خلل."
        assert host.minutes[0].lines[-1].heard
        assert [line.text for line in host.minutes[1].lines] == ["جواب"]
        assert [told.kind for told in scene.leg.told_all].count("error") == (where != "nothing")

    run(doing())


def _raise(error: Exception) -> str:
    raise error


def test_a_voice_that_fails_ends_nothing(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        host = RoteHost()
        host.seconds = lambda _: float(_raise(Retryable("tts-down", "x")))
        async with Opened(equipment, host, opening=("أهلا.",)) as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: host.minutes)
            host.seconds = lambda _: 1.0
            await scene.say(speech("question"))
            await scene.until(lambda: len(host.minutes) == 2)
        assert host.minutes[1].lines[0].heard

    run(doing())
