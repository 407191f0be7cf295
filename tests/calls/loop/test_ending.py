"""How calls end, what is kept of them, and what they cost each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest

from core_pipeline.calls.equipment import Equipment
from core_pipeline.calls.host import Outcome, Say
from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.legs import LegEvent, Sound, Spoken
from errors import Retryable
from tests.calls.loop.scene import FakeLeg, Opened, RoteHost, tone
from tests.calls.loop.virtual import run

Speech = Callable[..., bytes]


def test_a_drained_call_finishes_its_sentence_and_says_goodbye(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        async with Opened(equipment, RoteHost(seconds=lambda _: 3.0)) as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: scene.leg.sent)
            scene.call.stop()
            await scene.until(scene.running.done)
        assert scene.host.lines == [(1, "جواب سؤال", True), (0, "مع السلامة.", True)]
        assert scene.running.result().reason == "drained"
        assert scene.leg.clears == []

    run(doing())


def test_a_drained_call_that_takes_too_long_is_cut(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        async with Opened(equipment, RoteHost(seconds=lambda text: 60.0 if "جواب" in text else 1.0)) as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: scene.leg.sent)
            scene.call.stop(grace=2.0)
            began = scene.leg.now
            await scene.until(scene.running.done)
            assert 3.0 < scene.leg.now - began < 4.0
        assert scene.host.lines == [(1, "جواب سؤال", False), (0, "مع السلامة.", True)]
        assert scene.host.outcome is not None
        assert scene.host.outcome.metrics["barge_ins"] == 0

    run(doing())


def test_the_longest_call_ends_with_words(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        async with Opened(equipment, RoteHost(seconds=lambda _: 4.0), longest=7.0) as scene:
            await scene.say(speech("question"))
            await scene.until(scene.running.done)
        assert scene.host.lines[-1] == (0, "انتهى الوقت.", True)
        assert scene.running.result().reason == "longest"
        assert 10 < scene.running.result().seconds < 12.5

    run(doing())


def test_something_of_our_own_is_said_when_nobody_speaks(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        async with Opened(equipment) as scene:
            await scene.say(speech("question"))
            scene.call.say("طلبك في الطريق. سيصل بعد عشر دقائق.")
            await scene.until(lambda: len(scene.host.minutes) == 2)
            assert scene.call.running["turns"] == 1
        assert scene.host.lines == [
            (1, "جواب سؤال", True),
            (0, "طلبك في الطريق.", True),
            (0, "سيصل بعد عشر دقائق.", True),
        ]

    run(doing())


def test_who_hangs_up_in_an_answer_has_not_heard_it(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        async with Opened(equipment, RoteHost(seconds=lambda _: 5.0), leg := FakeLeg()) as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: scene.leg.sent)
            await scene.wait(1.0)
            leg.dropped = True
        assert scene.host.lines == [(1, "جواب سؤال", False)]
        assert scene.host.outcome is not None
        assert scene.host.outcome.reason == "dropped"
        assert scene.host.open == []

    run(doing())


def test_a_cancelled_call_is_kept_as_well(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        async with Opened(equipment) as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: scene.leg.sent)
            scene.running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await scene.running
        assert scene.host.outcome is not None
        assert scene.host.outcome.reason == "broke"
        assert scene.host.lines == [(1, "جواب سؤال", False)]
        assert scene.leg.gone == "hangup"
        assert len(asyncio.all_tasks()) == 1

    run(doing())


class BrokenLeg(FakeLeg):
    """A line that died without its events knowing."""

    async def play(self, pcm: bytes) -> None:
        raise ConnectionResetError

    async def clear(self) -> None:
        raise RuntimeError

    async def hang_up(self) -> None:
        raise OSError


def test_what_a_dying_line_raises_stays_within(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        async with Opened(equipment, RoteHost(seconds=lambda _: 5.0), BrokenLeg()) as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: scene.host.spoken)
            await scene.wait(1.0)
            await scene.say(speech("barge"))
        assert scene.host.outcome is not None
        assert scene.host.outcome.reason == "caller"

    run(doing())


class RaisingLeg(FakeLeg):
    """A line that breaks its contract."""

    async def events(self) -> AsyncIterator[LegEvent]:
        yield Sound(bytes(320))
        raise ConnectionResetError


class DeafLeg(FakeLeg):
    """A line that does not notice that it was hung up."""

    async def hang_up(self) -> None:
        self.gone = "hangup"


def test_lines_that_break_their_word_end_all_the_same(equipment: Equipment) -> None:
    async def doing() -> None:
        async with Opened(equipment, leg=RaisingLeg()) as scene:
            assert (await scene.running).reason == "broke"
        async with Opened(equipment, leg=DeafLeg(), silence=3.0) as scene:
            await scene.until(scene.running.done, 60.0)
        assert scene.running.result().reason == "silence"

    run(doing())


def test_a_host_that_can_not_write_costs_nothing_else(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        host = RoteHost()

        async def lost(_: object) -> None:
            raise Retryable("database-locked", "x")

        host.wrote = lost  # type: ignore[assignment]  # this host has no history
        async with Opened(equipment, host) as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: scene.leg.sent)
        assert host.outcome is not None

    run(doing())


@pytest.mark.parametrize("rate", [8_000, 48_000])
def test_the_recording_holds_both_sides_as_they_were_heard(equipment: Equipment, speech: Speech, rate: int) -> None:
    async def doing() -> Outcome:
        host = RoteHost(seconds=lambda _: 6.0)
        async with Opened(equipment, host, FakeLeg(sample_rate=rate), record=True) as scene:
            await scene.wait(1.0)
            await scene.say(tone(0.1, rate, pitch=1000.0).data)
            await scene.wait(0.9)
            await scene.say(speech("question", rate))
            await scene.until(lambda: scene.leg.sent)
            await scene.wait(2.0)
            await scene.say(speech("barge", rate)[: 2 * rate])
            host.answers = lambda _: []
            scene.leg.drop()
            outcome = await scene.running
        heard, spoken = channels(outcome)
        size = outcome.sample_rate
        assert abs(len(heard) / size - outcome.seconds) < 0.01
        assert abs(int(np.abs(heard[: 2 * size]).argmax()) / size - 1.05) < 0.06
        loud = np.flatnonzero(np.abs(spoken) > 1000) / size
        first = scene.leg.played_at[0][0]
        assert abs(loud[0] - first) < 0.01
        assert abs(loud[-1] - scene.leg.clears[0]) < 0.02
        return outcome

    assert run(doing()).sample_rate == (8_000 if rate == 8_000 else 16_000)


def channels(outcome: Outcome) -> tuple[np.ndarray, np.ndarray]:
    both = np.frombuffer(outcome.recording, "<i2").reshape(-1, 2)
    return both[:, 0].astype(float), both[:, 1].astype(float)


def test_a_long_recording_lies_in_a_file_and_skips_what_the_line_did_not_send(
    equipment: Equipment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core_pipeline.calls.recording._IN_MEMORY", 10_000)

    async def doing() -> None:
        async with Opened(equipment, record=True) as scene:
            await scene.wait(1.0)
            await asyncio.sleep(4.0)
            await scene.say(tone(0.5, 8_000, pitch=1000.0).data)
            outcome = await scene.hang_up()
        heard, _ = channels(outcome)
        loud = np.flatnonzero(np.abs(heard) > 3000) / 8_000
        assert 4.95 < loud[0] < 5.1
        assert 5.4 < loud[-1] < 5.6

    run(doing())


def test_nothing_is_recorded_unasked(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        async with Opened(equipment) as scene:
            await scene.say(speech("short"))
            assert (await scene.hang_up()).recording == b""

    run(doing())


def test_who_moves_a_face_learns_of_each_sentence_as_it_begins(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        spoken: list[tuple[Spoken, float]] = []
        host = RoteHost(answers=lambda _: [Say("أ", "ar", "happy"), Say("ب", "ar")])
        leg = FakeLeg()
        hook = lambda one: spoken.append((one, leg.played))  # noqa: E731 - needs the leg, and is used once
        async with Opened(equipment, host, leg, on_spoken=hook) as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: host.minutes)
        (first, at), (second, then) = spoken
        assert (first.text, first.emotion, at) == ("أ", "happy", 0.0)
        assert first.speech.seconds == pytest.approx(1.0)
        assert [word.start for word in first.phonemes] == [0.0, 0.4, 0.8]
        assert second.text == "ب"
        assert then == pytest.approx(1.0, abs=0.05)

    run(doing())


def test_films_are_played_in_the_place_of_sound(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        async def filming(spoken: Spoken) -> bytes | None:
            await asyncio.sleep(0.2)
            return b"1.0" if spoken.text == "أ" else None

        host = RoteHost(answers=lambda _: [Say("أ", "ar"), Say("ب", "ar")])
        async with Opened(equipment, host, FakeLeg(screen="films"), filming=filming) as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: host.minutes)
        assert [data for _, data in scene.leg.films] == [b"1.0"]
        assert [line.heard for line in host.minutes[0].lines] == [True, True]
        assert 0.7 < scene.leg.sent[0][0] - scene.leg.films[0][0] < 0.9

    run(doing())


def test_the_far_end_is_kept_two_tenths_ahead_and_little_is_made_beforehand(
    equipment: Equipment, speech: Speech
) -> None:
    async def doing() -> None:
        host = RoteHost(answers=lambda _: [Say(str(n), "ar") for n in range(8)], seconds=lambda _: 1.5)
        ahead: list[float] = []
        async with Opened(equipment, host, opening=()) as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: scene.leg.sent)
            for _ in range(200):
                await scene.wait(0.02)
                ahead.append(scene.leg.until - scene.leg.loop.time())
                assert len(host.spoken) * 1.5 - scene.leg.played < 2.0 + 1.5 + 0.3 + 1.5
        assert max(ahead) <= 0.225
        assert min(ahead) >= 0.155
        assert scene.call.running["underruns"] == 0

    run(doing())


def test_a_voice_that_stumbles_is_counted(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        class Stumbling(RoteHost):
            async def speak(self, say: Say) -> AsyncIterator[object]:  # type: ignore[override]  # yields what the base does
                async for part in super().speak(say):
                    await asyncio.sleep(1.0)
                    yield part

        async with Opened(equipment, Stumbling()) as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: scene.host.minutes)
        assert scene.host.outcome is not None
        assert scene.host.outcome.metrics["underruns"] == 2

    run(doing())


def test_twenty_calls_at_once_are_answered_alike(equipment: Equipment, speech: Speech) -> None:
    async def one(number: int) -> float:
        await asyncio.sleep(number * 0.13)
        async with Opened(equipment, RoteHost(hears=lambda _: f"س{number}")) as scene:
            await scene.say(speech("question" if number % 2 else "barge"))
            await scene.until(lambda: scene.host.minutes)
        assert scene.host.lines == [(1, f"جواب س{number}", True)]
        return scene.host.minutes[0].times["first_audio"]

    async def doing() -> list[float]:
        return await asyncio.gather(*(one(number) for number in range(20)))

    times = run(doing())
    assert max(times) - min(times) < 60


def test_sound_that_comes_in_bursts_is_the_same_question(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        host = RoteHost()
        sound = speech("question") + bytes(2 * 8_000)
        async with Opened(equipment, host) as scene:
            for at in range(0, len(sound), 16_000):
                await asyncio.sleep(1.0)
                scene.leg.send(Sound(sound[at : at + 16_000]))
            await asyncio.sleep(3.0)
        assert [turn for _, turn in host.asked][-1] == 1
        assert host.lines[-1] == (1, "جواب سؤال", True)

    run(doing())


def test_what_is_said_for_more_than_a_minute_is_answered(equipment: Equipment, speech: Speech) -> None:
    async def doing() -> None:
        lengths: list[float] = []

        def hears(said: Pcm) -> str:
            lengths.append(said.seconds)
            return "طويل"

        host = RoteHost(hears=hears)
        async with Opened(equipment, host) as scene:
            sound = np.frombuffer(speech("answer"), "<i2")
            voiced = sound[np.abs(sound) > 200].astype("<i2").tobytes()
            while not host.asked:
                await scene.say(voiced)
                assert scene.leg.now < 70
        assert 59.5 < lengths[0] <= 60.5

    run(doing())
