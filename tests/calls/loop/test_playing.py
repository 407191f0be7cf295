"""What is played: films, faces, two tenths ahead; and many calls, bursts and endless speech."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest

from core_pipeline.calls.equipment import Equipment
from core_pipeline.calls.host import Say
from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.legs import Sound, Spoken
from tests.calls.loop.scene import FakeLeg, Opened, RoteHost
from tests.calls.loop.virtual import run

Speech = Callable[..., bytes]


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
