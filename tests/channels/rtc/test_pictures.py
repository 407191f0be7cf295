"""A face beside the sound: 25 pictures a second, in time with what is heard, and gone when it can't be drawn."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest
from numpy.typing import NDArray

from channels.rtc.caller import RtcCaller
from channels.rtc.leg import RtcLeg
from core_pipeline.contracts.faces import Shape
from errors import Impossible
from tests.channels.rtc.ends import RATE, babble, ends, samples

DARK, A_SECOND = 30.0, 60.0  # the grey that this face shows at 0 s, and how much lighter it gets


class Clockface:
    """A face whose grey says how much sound it takes to have been played."""

    def __init__(self) -> None:
        self.shape = Shape(128, 128)
        self.asked: list[float] = []
        self.threads: set[int] = set()
        self.closed = 0

    def picture(self, played: float) -> NDArray[np.uint8]:
        self.asked.append(played)
        self.threads.add(threading.get_ident())
        return np.full((128, 128, 3), round(DARK + A_SECOND * played), np.uint8)

    def close(self) -> None:
        self.closed += 1
        self.threads.add(threading.get_ident())


class Refusing(Clockface):
    def picture(self, played: float) -> NDArray[np.uint8]:
        super().picture(played)
        raise Impossible("avatar-art", "that can't be drawn")


async def pictures(caller: RtcCaller, count: int) -> None:
    async with asyncio.timeout(10):
        while len(caller.seen) < count:
            await asyncio.sleep(0.02)


class Listening(RtcCaller):
    """A caller who notes when which part of a rising tone is heard."""

    def __init__(self) -> None:
        super().__init__(video=True)
        self.heard_at: list[tuple[float, float]] = []

    def hears(self, pcm: bytes) -> None:
        super().hears(pcm)
        wave = samples(pcm)
        if len(wave) == 320 and abs(wave).max() > 2000:
            spectrum = abs(np.fft.rfft(wave * np.hanning(320), 16_384))
            hertz = float(np.argmax(spectrum)) * RATE / 16_384
            self.heard_at.append((self.now, (hertz - LOW) / RISE - 0.01))  # when this packet begins in the tone


LOW, RISE = 500.0, 600.0


def rising(seconds: float) -> bytes:
    """A tone that tells by its pitch how much of it was played."""
    at = np.arange(round(seconds * RATE)) / RATE
    return (8000 * np.sin(2 * np.pi * (LOW * at + RISE * at**2 / 2))).astype(np.int16).tobytes()


async def test_pictures_are_in_time_with_the_sound_that_is_heard() -> None:
    caller, face = Listening(), Clockface()
    async with ends(RtcLeg(video=True), caller) as both:
        assert both.leg.screen == "track"
        both.leg.show(face)
        await pictures(caller, 5)
        await both.leg.play(rising(3.0))
        await both.leg.mark("end")
        await both.until(1)
        await caller.listen(0.1)
    times, places = np.array(caller.heard_at).T
    during = [one for one in caller.seen if times[15] < one.at < times[-5]]
    # A picture is seen for 40 ms: it is to fit the middle of them.
    late = [
        float(np.interp(one.at + 0.02, times, places)) - (float(one.picture.mean()) - DARK) / A_SECOND for one in during
    ]
    assert abs(float(np.median(late))) < 0.04, np.percentile(late, (5, 50, 95))
    assert len(during) > 2.5 * 25 * 0.7
    assert face.asked == sorted(face.asked)
    assert len(face.threads) == 1
    assert threading.get_ident() not in face.threads
    assert face.closed == 1


async def test_a_face_goes_on_in_silence_and_another_takes_its_place() -> None:
    caller, first, second = RtcCaller(video=True), Clockface(), Clockface()
    async with ends(RtcLeg(video=True), caller) as both:
        both.leg.show(first)
        await pictures(caller, 10)
        both.leg.show(second)
        await pictures(caller, 20)
        assert first.closed == 1
        assert len(second.asked) >= 5
        both.leg.show(None)
    assert second.closed == 1
    third = Clockface()
    both.leg.show(third)
    assert third.closed == 1


async def test_a_face_that_cannot_be_drawn_leaves_the_call_alone(caplog: pytest.LogCaptureFixture) -> None:
    caller, face = RtcCaller(video=True), Refusing()
    async with ends(RtcLeg(video=True), caller) as both:
        both.leg.show(face)
        await both.leg.play(babble(0.5).data)
        await both.leg.mark("end")
        await both.until(1)
    assert len(face.asked) == face.closed == 1
    assert [record.message for record in caplog.records if "avatar-art" in record.message]


async def test_a_caller_who_wants_no_pictures_gets_none() -> None:
    face = Clockface()
    async with ends(RtcLeg(video=True), RtcCaller()) as both:
        assert both.leg.screen == "none"
        both.leg.show(face)
        await both.caller.listen(0.2)
    assert face.asked == []
    assert face.closed == 1
