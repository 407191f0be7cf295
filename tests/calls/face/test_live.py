"""A drawn face in a call: its lips follow what is played and shut when somebody breaks in; it lives in silence."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from av import VideoFrame
from numpy.typing import NDArray

from channels.rtc.caller import RtcCaller
from channels.rtc.leg import RtcLeg
from core_pipeline.contracts.engines import Pcm, Saying, Word
from core_pipeline.contracts.faces import Face, Scene, Shape
from core_pipeline.contracts.legs import Spoken
from core_pipeline.engines.acting.performance import Performance
from core_pipeline.engines.acting.track import HZ, LEAD
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.engines.video.illustrated.art import read
from core_pipeline.engines.video.illustrated.filming import film
from core_pipeline.engines.video.illustrated.frame import Lens
from core_pipeline.engines.video.illustrated.live import LiveDrawing
from core_pipeline.engines.video.illustrated.sheet import face_of
from core_pipeline.media.pcm import resample
from errors import Impossible
from tests.channels.rtc.ends import ends, likeness
from tests.faces.lipsync import Palette, agreement

FACE = face_of(str(Path(__file__).parents[2] / "faces" / "plain"))
SHAPE, FPS = Shape(256, 256), 25
SENTENCE = "مرحبا بكم في مطعم اللؤلؤة. يسعدنا أن نخدمكم اليوم، كيف نساعدكم؟"

Curve = NDArray[np.float64]


class Clock:
    """Goes as it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def spoken() -> Spoken:
    async def say() -> Spoken:
        voice = EspeakTts(EspeakConfig())
        try:
            parts = [part async for part in voice.speak(Saying(SENTENCE, "ar", timed=True))]
        finally:
            await voice.close()
        timed = tuple(phoneme for part in parts for phoneme in part.phonemes)
        whole = Pcm(b"".join(part.pcm.data for part in parts), parts[0].pcm.sample_rate)
        return Spoken(SENTENCE, "ar", resample(whole, 16_000), phonemes=timed)

    return asyncio.run(say())


@pytest.fixture(scope="module")
def palette() -> Palette:
    loud = Pcm(bytes([0, 40, 0, 216] * 8_000), 16_000)
    said = Scene(FACE, "square", SHAPE, loud)
    hum, gape = (
        film(replace(said, phonemes=(Word(phoneme, 0.0, 1.0),)), lambda _: None, lambda: False)
        for phoneme in ("m", "ˈa")
    )
    manifest = read(FACE).manifest
    return Palette(hum, gape, Lens.of(manifest, "square", SHAPE).pixels(manifest.mouth.box))


def opened(palette: Palette, picture: NDArray[np.uint8]) -> float:
    return palette.inside(VideoFrame.from_ndarray(picture, format="rgb24"))


def drawn(face: LiveDrawing, clock: Clock, palette: Palette, begin: float, end: float) -> Curve:
    """How far the mouth is open from `begin` to `end` seconds of played sound, at 25 pictures a second."""
    found = []
    for number in range(math.ceil((end - begin) * FPS)):
        clock.now += 1 / FPS
        found.append(opened(palette, face.picture(begin + number / FPS)))
    return np.array(found)


def opening_of(spoken: Spoken, times: Curve) -> Curve:
    """How far the mouth is to be open at these times of a sentence."""
    track = Performance(Scene(FACE, "square", SHAPE, spoken.speech, phonemes=spoken.phonemes)).track
    steps = np.arange(track.opening.size)
    return np.asarray(np.interp((times + LEAD) * HZ, steps, track.opening, left=0, right=0), float)


def began(spoken: Spoken, heard: Pcm) -> float:
    """When the sentence began in what was heard, by the sound of its first seconds."""
    second = 2 * spoken.speech.sample_rate
    pieces = [spoken.speech.data[number * second : (number + 1) * second] for number in range(4)]
    return float(np.median([likeness(heard.data, piece)[1] - number for number, piece in enumerate(pieces)]))


def shut(seen: Curve, whole: Curve) -> bool:
    """Whether a mouth stays within what a silent one shows, of all that it shows in `whole`, which begins silently."""
    rest, most = float(np.median(whole[:6])), float(np.percentile(whole, 98))
    return bool(seen.max() < rest + 0.3 * (most - rest))


def test_the_lips_follow_what_is_played(spoken: Spoken, palette: Palette) -> None:
    clock = Clock()
    face = LiveDrawing(FACE, SHAPE, clock)
    face.say(spoken, 2.0)
    seen = drawn(face, clock, palette, 0.0, 2.0 + spoken.speech.seconds + 1.0)
    found = agreement(seen, opening_of(spoken, np.arange(seen.size) / FPS - 2.0))
    assert found.r > 0.8, found
    assert abs(found.lag) < 0.5, found
    assert shut(seen[: round(1.8 * FPS)], seen)
    assert shut(seen[-round(0.7 * FPS) :], seen)
    assert not shut(seen[2 * FPS : 3 * FPS], seen)
    face.close()


def test_a_mouth_that_is_broken_into_shuts_at_once_and_speaks_again(spoken: Spoken, palette: Palette) -> None:
    clock = Clock()
    face = LiveDrawing(FACE, SHAPE, clock)
    face.say(spoken, 0.0)
    face.say(spoken, spoken.speech.seconds)
    before = drawn(face, clock, palette, 0.0, 1.5)
    face.cut(1.5)
    clock.now += 0.1
    at_once = np.array([opened(palette, face.picture(1.5))])
    after = drawn(face, clock, palette, 1.5, 4.0)
    whole = np.concatenate([after, before])
    assert shut(at_once, whole)
    assert shut(after, whole)
    face.say(spoken, 4.0)
    assert not shut(drawn(face, clock, palette, 4.0, 5.5), whole)
    face.close()


def test_a_mouth_does_not_wait_open_for_sound_that_does_not_come(spoken: Spoken, palette: Palette) -> None:
    clock = Clock()
    face = LiveDrawing(FACE, SHAPE, clock)
    face.say(spoken, 0.0)
    seen = drawn(face, clock, palette, 0.0, 2.0)
    at = 2.0
    while shut(seen[-1:], seen):
        seen = np.append(seen, drawn(face, clock, palette, at, at + 1 / FPS))
        at += 1 / FPS
    still = []
    for _ in range(12):
        clock.now += 1 / FPS
        still.append(opened(palette, face.picture(at)))
    assert shut(np.array(still[6:]), np.concatenate([still[6:], seen]))
    face.close()


def test_a_silent_face_breathes_and_blinks_and_moods_do_not_jump(spoken: Spoken) -> None:
    clock = Clock()
    face = LiveDrawing(FACE, SHAPE, clock)
    pictures = []
    for number in range(10 * FPS):
        if number == 5 * FPS:
            face.say(replace(spoken, emotion="sad"), 0.0)
        clock.now += 1 / FPS
        pictures.append(face.picture(0.0).astype(int))
    steps = [float(abs(one - other).mean()) for one, other in pairwise(pictures)]
    assert np.count_nonzero(steps) > 0.9 * len(steps)
    assert max(steps[5 * FPS - 1 : 5 * FPS + 12]) <= 2 * max(steps[: 5 * FPS - 1])
    face.close()


def test_what_is_no_drawn_face_is_refused_and_a_closed_one_draws_no_more() -> None:
    with pytest.raises(Impossible, match="avatar-kind"):
        LiveDrawing(Face("a", "photo", {}), SHAPE).picture(0.0)
    with pytest.raises(Impossible, match="avatar-manifest"):
        LiveDrawing(Face("a", "illustrated", {}), SHAPE).picture(0.0)
    face = LiveDrawing(FACE, SHAPE)
    assert face.picture(0.0).shape == (256, 256, 3)
    face.close()
    face.close()
    with pytest.raises(Impossible, match="face-closed"):
        face.picture(0.1)


async def test_the_lips_are_in_time_at_the_other_end_of_a_call(spoken: Spoken, palette: Palette) -> None:
    caller, face = RtcCaller(video=True), LiveDrawing(FACE, SHAPE)
    async with ends(RtcLeg(video=True), caller) as both:
        both.leg.show(face)
        async with asyncio.timeout(10):
            while not caller.seen:
                await asyncio.sleep(0.02)
        face.say(spoken, both.leg.played)
        await both.leg.play(spoken.speech.data[: 4 * 2 * spoken.speech.sample_rate])
        await both.leg.mark("end")
        await both.until(1)
        await caller.listen(0.2)
    grid = np.arange(int(caller.seen[-1].at * FPS)) / FPS
    seen = np.interp(grid, [one.at for one in caller.seen], [opened(palette, one.picture) for one in caller.seen])
    # A picture fits the middle of the time for which it is seen.
    found = agreement(seen, opening_of(spoken, grid + 0.5 / FPS - began(spoken, caller.heard)))
    assert abs(found.lag) <= 2, found
    assert found.r > 0.5, found
