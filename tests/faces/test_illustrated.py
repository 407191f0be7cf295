"""The engine of drawn faces through its door: lips in time with real speech, customers apart, readers who leave."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core_pipeline.contracts.engines import Pcm, Saying, Speech, Word
from core_pipeline.contracts.faces import EMOTIONS, Face, Scene, Shape, Video
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.acting.performance import Performance
from core_pipeline.engines.acting.track import LEAD
from core_pipeline.engines.acting.visemes import sounds
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.engines.video.illustrated import SPEC, IllustratedConfig
from core_pipeline.engines.video.illustrated.art import read
from core_pipeline.engines.video.illustrated.filming import film
from core_pipeline.engines.video.illustrated.frame import Lens
from core_pipeline.engines.video.illustrated.sheet import face_of
from core_pipeline.media.film.pictures import pictures
from errors import Impossible
from tests.faces.lipsync import Palette, lip_sync, opening

PLAIN = str(Path(__file__).parent / "plain")
AVATARS = sorted(path.parent.name for path in (Path(__file__).parents[2] / "avatars").glob("*/art.svg"))
FACE = face_of(PLAIN)
SMALL, SHARP = Shape(64, 64), Shape(384, 384)
SENTENCES = {
    "ar": "مرحبا بكم في مطعم اللؤلؤة. يسعدنا أن نخدمكم اليوم، كيف نساعدكم؟",
    "en": "Hello and welcome to the Pearl restaurant. We are happy to serve you, how may I help you?",
}


@pytest.fixture
async def engine() -> AsyncIterator[Video]:
    from core_pipeline.engines.video.illustrated.engine import IllustratedVideo  # noqa: PLC0415 - as SPEC opens it

    opened = IllustratedVideo(IllustratedConfig())
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
def spoken() -> dict[str, Speech]:
    async def say(language: str) -> Speech:
        voice = EspeakTts(EspeakConfig())
        try:
            parts = [part async for part in voice.speak(Saying(SENTENCES[language], language, timed=True))]
        finally:
            await voice.close()
        timed = tuple(phoneme for part in parts for phoneme in part.phonemes)
        return Speech(Pcm(b"".join(part.pcm.data for part in parts), parts[0].pcm.sample_rate), phonemes=timed)

    return {language: asyncio.run(say(language)) for language in SENTENCES}


def scene(speech: Pcm | None = None, **more: object) -> Scene:
    given = {"face": FACE, "view": "square", "shape": SMALL, "speech": speech or silence(0.5), **more}
    return Scene(**given)  # type: ignore[arg-type] # whatever a test varies


def silence(seconds: float, rate: int = 16_000) -> Pcm:
    return Pcm(bytes(2 * int(seconds * rate)), rate)


def clip_of(shown: Scene) -> bytes:
    told: list[Progress] = []
    return film(shown, told.append, lambda: False)


async def streamed(engine: Video, shown: Scene) -> bytes:
    return b"".join([part async for part in engine.animate(shown) if isinstance(part, bytes)])


def seen(clip: bytes) -> NDArray[np.int64]:
    return np.stack([picture.to_ndarray(format="rgb24") for picture in pictures(clip)]).astype(np.int64)


@cache
def palette(slug: str) -> Palette:
    """The colours of an avatar's mouth, from clips in which it hums and in which it says a long a."""
    loud = Pcm(bytes([0, 40, 0, 216] * 8_000), 16_000)
    said = scene(loud, face=face_of(slug), shape=SHARP)
    hum, gape = (replace(said, phonemes=(Word(phoneme, 0.0, 1.0),)) for phoneme in ("m", "ˈa"))
    manifest = read(said.face).manifest
    return Palette(clip_of(hum), clip_of(gape), Lens.of(manifest, "square", SHARP).pixels(manifest.mouth.box))


def shifted(speech: Pcm, seconds: float) -> Pcm:
    """The same sound, later by so much, or earlier."""
    count = 2 * int(abs(seconds) * speech.sample_rate)
    data = bytes(count) + speech.data[:-count] if seconds > 0 else speech.data[count:] + bytes(count)
    return replace(speech, data=data)


@pytest.mark.parametrize("language", sorted(SENTENCES))
@pytest.mark.parametrize("slug", [*AVATARS, PLAIN], ids=lambda slug: Path(slug).name)
def test_the_lips_follow_the_voice_and_no_other(spoken: dict[str, Speech], slug: str, language: str) -> None:
    speech, other = spoken[language], spoken["en" if language == "ar" else "ar"]
    said = scene(speech.pcm, phonemes=speech.phonemes, face=face_of(slug), shape=SHARP, language=language)
    clip, colours, track = clip_of(said), palette(slug), Performance(said).track
    found = lip_sync(clip, colours, track, speech.pcm, 25)
    assert found.good, found
    for apart in (3 / 25, -3 / 25):
        assert not lip_sync(clip, colours, track, shifted(speech.pcm, apart), 25).good
    theirs = Performance(replace(said, speech=other.pcm, phonemes=other.phonemes)).track
    assert not lip_sync(clip, colours, theirs, other.pcm, 25).good


@pytest.mark.parametrize("language", sorted(SENTENCES))
def test_the_lips_follow_sound_alone(spoken: dict[str, Speech], language: str) -> None:
    said = scene(spoken[language].pcm, shape=SHARP)
    found = lip_sync(clip_of(said), palette(PLAIN), Performance(said).track, said.speech, 25)
    assert found.good, found


@pytest.mark.parametrize("language", sorted(SENTENCES))
def test_lips_are_seen_to_shut_for_m_b_and_p(spoken: dict[str, Speech], language: str) -> None:
    speech = spoken[language]
    found = opening(clip_of(scene(speech.pcm, phonemes=speech.phonemes, shape=SHARP)), palette(PLAIN))
    times = (np.arange(found.size) + 0.5) / 25 + LEAD
    shut = 0
    for phoneme in speech.phonemes:
        held = found[(times >= phoneme.start) & (times <= phoneme.end)]
        if phoneme.end - phoneme.start >= 0.05 and [sound.viseme for sound in sounds(phoneme.text)] == ["MBP"]:
            assert held.min() < 0.12 * np.percentile(found, 98), phoneme
            shut += 1
    assert shut >= 3


def test_the_spec_opens_an_engine_for_drawn_faces() -> None:
    assert SPEC.faces == {"illustrated"}
    assert SPEC.captions
    assert SPEC.heavy
    assert SPEC.memory(IllustratedConfig()) == 400 << 20


async def test_a_clip_has_every_picture_of_the_speech_and_tells_how_far_it_is(engine: Video) -> None:
    parts = [part async for part in engine.animate(scene(silence(2.03)))]
    told = [part.done for part in parts if isinstance(part, Progress)]
    assert told == [12, 24, 36, 48]
    assert {part.total for part in parts if isinstance(part, Progress)} == {51}
    assert seen(b"".join(part for part in parts if isinstance(part, bytes))).shape == (51, 64, 64, 3)


async def test_the_same_scene_is_the_same_film_and_another_seed_another(engine: Video) -> None:
    one, again = await asyncio.gather(streamed(engine, scene(seed=5)), streamed(engine, scene(seed=5)))
    assert one == again != await streamed(engine, scene(seed=6))


async def test_customers_shown_at_once_share_no_picture(engine: Video, spoken: dict[str, Speech]) -> None:
    """Each film's wall has its customer's colour throughout, and each is byte for byte the film that is made alone."""
    walls = {"#cc2211": 0, "#11aa22": 1, "#1122cc": 2, "#22aa11": 1}
    shown = [
        scene(speech.pcm, phonemes=speech.phonemes, face=replace(FACE, colours={"background": wall, "clothes": wall}))
        for wall, speech in zip(walls, [*spoken.values()] * 2, strict=True)
    ]
    films = await asyncio.gather(*(streamed(engine, one) for one in shown))
    assert films == [clip_of(one) for one in shown]
    assert len(set(films)) == len(films)
    for whole, strongest in zip(films, walls.values(), strict=True):
        corners = seen(whole)[:, 2:6, 2:6].mean(axis=(1, 2))
        assert (corners.argmax(axis=1) == strongest).all()
        assert np.ptp(corners, axis=0).max() < 12


async def test_stretches_made_apart_join_without_a_jump(engine: Video, spoken: dict[str, Speech]) -> None:
    speech = spoken["ar"]
    count = 2 * int(2 * speech.pcm.sample_rate)
    halves = (replace(speech.pcm, data=speech.pcm.data[:count]), replace(speech.pcm, data=speech.pcm.data[count:]))
    shape = Shape(256, 256)
    films = [
        seen(await streamed(engine, scene(half, first=first, seed=9, shape=shape, most_bits=6_000_000)))
        for half, first in zip(halves, (0, 50), strict=True)
    ]
    whole = np.concatenate(films)[:, :120]  # above the eyes: hair and wall, which no lips and lids move
    steps = np.abs(np.diff(whole, axis=0)).mean(axis=(1, 2, 3))
    assert len(films[0]) == 50
    assert steps[49] < 1.5 * np.percentile(steps, 90) + 0.2


@pytest.mark.parametrize("emotion", EMOTIONS)
async def test_a_feeling_shows_from_the_first_picture_on(engine: Video, emotion: str) -> None:
    found = seen(await streamed(engine, scene(emotion=emotion, shape=Shape(192, 192))))
    neutral = seen(await streamed(engine, scene(shape=Shape(192, 192))))
    apart = np.abs(found - neutral).mean(axis=(1, 2, 3))
    assert apart.max() == 0 if emotion == "neutral" else apart.min() > 0.5


async def test_captions_are_written_and_stay_off_the_mouth(engine: Video) -> None:
    words = (Word("مرحبا", 0.0, 0.25), Word("بكم", 0.25, 0.5))
    shape = Shape(256, 256)
    plain, written = [
        seen(await streamed(engine, scene(shape=shape, captions=captions))) for captions in ((), words)
    ]  # fmt: skip
    changed = (np.abs(plain - written).max(axis=3) > 60).any(axis=0)
    manifest = read(FACE).manifest
    left, top, width, height = Lens.of(manifest, "square", shape).pixels(manifest.mouth.box)
    assert changed.sum() > 800
    assert not changed[top : top + height, left : left + width].any()


async def test_a_reader_who_leaves_stops_the_drawing(engine: Video) -> None:
    parts = engine.animate(scene(silence(120), shape=SHARP))
    assert isinstance(parts, AsyncGenerator)
    async with aclosing(parts):
        await anext(parts)
    assert await asyncio.wait_for(streamed(engine, scene()), 5)


async def test_a_cancelled_turn_stops_the_drawing(engine: Video) -> None:
    drawing = asyncio.Event()

    async def read_on() -> None:
        async for _ in engine.animate(scene(silence(120), shape=SHARP)):
            drawing.set()

    turns = [asyncio.create_task(read_on()) for _ in range(3)]
    await drawing.wait()
    for turn in turns:
        turn.cancel()
    await asyncio.gather(*turns, return_exceptions=True)
    assert all(turn.cancelled() for turn in turns)
    assert await asyncio.wait_for(streamed(engine, scene()), 5)


async def test_no_thread_outlives_the_engine() -> None:
    opened = await SPEC.open(IllustratedConfig(), None)  # type: ignore[arg-type] # it uses nothing of the bench
    await streamed(opened, scene())
    assert any(thread.name.startswith("illustrated") for thread in threading.enumerate())
    await opened.close()
    assert not any(thread.name.startswith("illustrated") for thread in threading.enumerate())


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        (scene(face=Face("x", "photo", {})), "avatar-kind"),
        (scene(face=Face("x", "illustrated", {})), "avatar-manifest"),
        (scene(face=replace(FACE, files={**FACE.files, "art.svg": b"<svg/>"})), "avatar-art"),
        (scene(face=replace(FACE, logo=b"no picture")), "avatar-logo"),
        (scene(silence(0)), "speech-empty"),
        (scene(Pcm(b"1234", 0)), "speech-empty"),
        (scene(silence(301)), "speech-long"),
        (scene(view="landscape"), "avatar-view"),
        (scene(shape=Shape(63, 64)), "film-shape"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_cannot_be_shown_is_refused_with_its_code(engine: Video, shown: Scene, code: str) -> None:
    with pytest.raises(Impossible) as refused:
        await streamed(engine, shown)
    assert refused.value.code == code


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=st.binary(min_size=1, max_size=4_000),
    rate=st.sampled_from([8_000, 22_050, 44_100, 997]),
    said=st.lists(st.builds(Word, st.text(max_size=3), st.floats(), st.floats()), max_size=5),
    first=st.integers(0, 10**9),
)
def test_any_speech_makes_a_film_of_its_length_or_is_refused(
    data: bytes, rate: int, said: list[Word], first: int
) -> None:
    shown = scene(Pcm(data, rate), phonemes=tuple(said), first=first, shape=Shape(32, 32))
    assert len(list(pictures(clip_of(shown)))) == shown.frames


def test_quiet_eyes_and_head_go_on_between_pictures() -> None:
    whole = seen(clip_of(scene(silence(2), shape=Shape(192, 192), most_bits=6_000_000)))
    moved = [float(np.abs(later - sooner).mean()) for sooner, later in pairwise(whole)]
    assert np.median(moved) > 0.05
