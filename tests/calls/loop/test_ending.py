"""How calls end, and what is kept of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest

from core_pipeline.calls.equipment import Equipment
from core_pipeline.calls.host import Outcome
from core_pipeline.contracts.legs import LegEvent, Sound
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


@pytest.mark.parametrize("messages", [True, False])
@pytest.mark.parametrize("cut", [0.5, 0.0])
def test_a_message_is_heard_out_though_its_caller_hangs_up_at_once(
    equipment: Equipment, speech: Speech, messages: bool, cut: float
) -> None:
    async def doing() -> None:
        host = RoteHost(hearing_seconds=1.0)
        async with Opened(equipment, host, messages=messages, pause=2.0) as scene:
            said = speech("question")
            await scene.say(said[: len(said) - 2 * int(cut * scene.leg.sample_rate)])
            assert (await scene.hang_up()).reason == "caller"
        heard = [each.heard.text for each in host.minutes if each.heard]
        assert heard == (["سؤال"] if messages else [])

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
