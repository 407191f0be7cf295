"""The engine `photo` through its door: clips to the contract, lips in time with the voice, hostile faces refused."""

from __future__ import annotations

import asyncio
import struct
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core_pipeline.contracts.engines import Pcm, Saying, Speech, Word
from core_pipeline.contracts.faces import Face, Scene, Shape, Video
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.acting.performance import Performance
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.engines.video.photo import QUALITY_NOTE, SPEC
from core_pipeline.engines.video.photo.cast import Cast
from core_pipeline.engines.video.photo.portrait import portrait as read
from core_pipeline.media.film.pictures import pictures
from errors import Impossible
from tests.faces.lipsync import Palette, lip_sync
from tests.faces.photo_drawn import Look, painted
from tests.factories import bench

SMALL = Shape(256, 256)
LOOK = Look(width=360, height=420, unit=76)
FACE = painted(LOOK)
SENTENCES = {
    "ar": "أهلا وسهلا بكم في مطعم اللؤلؤة. نفتح أبوابنا كل يوم من الساعة العاشرة صباحا حتى منتصف الليل.",
    "en": "Welcome to our restaurant. We open every day from ten in the morning. Our fresh fish waits for you.",
}


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Video]:
    ready = bench(tmp_path)
    async with ready.http:
        opened = await SPEC.open(SPEC.config(), ready)
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
        phonemes = tuple(phoneme for part in parts for phoneme in part.phonemes)
        return Speech(Pcm(b"".join(part.pcm.data for part in parts), parts[0].pcm.sample_rate), phonemes=phonemes)

    return {language: asyncio.run(say(language)) for language in SENTENCES}


def silence(seconds: float) -> Pcm:
    return Pcm(bytes(2 * int(16_000 * seconds)), 16_000)


def scene(speech: Pcm | None = None, **given: Any) -> Scene:
    return Scene(**{"face": FACE, "view": "square", "shape": SMALL, "speech": speech or silence(0.5), **given})


async def film(engine: Video, shown: Scene) -> bytes:
    return b"".join([part async for part in engine.animate(shown) if isinstance(part, bytes)])


def seen(clip: bytes) -> np.ndarray:
    return np.stack([picture.to_ndarray(format="rgb24") for picture in pictures(clip)]).astype(int)


async def test_a_clip_has_the_pictures_of_its_scene(engine: Video) -> None:
    shown = scene(silence(1.3), first=7)
    parts = [part async for part in engine.animate(shown)]
    told = [part for part in parts if isinstance(part, Progress)]
    assert [one.done for one in told] == [12, 24]
    assert all(one.total == shown.frames == 33 for one in told)
    frames = list(pictures(b"".join(part for part in parts if isinstance(part, bytes))))
    assert len(frames) == 33
    assert frames[0].key_frame
    assert {(frame.width, frame.height) for frame in frames} == {(256, 256)}


async def palette(engine: Video, shown: Scene) -> Palette:
    """The colours of this face's mouth, from a clip that says nothing and one that says ah."""
    shut = replace(shown, speech=silence(1.0), phonemes=())
    gaping = replace(shut, phonemes=(Word("ˈa", 0.0, 1.0),))
    left, top, width, height = Cast().puppet(shown.face, shown.view, shown.shape).keep_clear
    box = round(left), round(top), round(width), round(height)
    return Palette(await film(engine, shut), await film(engine, gaping), box)


@pytest.mark.parametrize("language", sorted(SENTENCES))
async def test_the_lips_follow_the_voice(engine: Video, spoken: dict[str, Speech], language: str) -> None:
    speech = spoken[language]
    shown = scene(speech.pcm, phonemes=speech.phonemes, language=language, shape=Shape(384, 384), face=painted())
    clip, colours = await film(engine, shown), await palette(engine, shown)
    track = Performance(shown).track
    found = lip_sync(clip, colours, track, speech.pcm, 25)
    assert found.good, str(found)
    for apart in (0.16, -0.16):
        assert not lip_sync(clip, colours, track, shifted(speech.pcm, apart), 25).good
    other = spoken["en" if language == "ar" else "ar"]
    theirs = Performance(replace(shown, speech=other.pcm, phonemes=other.phonemes)).track
    assert not lip_sync(clip, colours, theirs, other.pcm, 25).good


def shifted(speech: Pcm, seconds: float) -> Pcm:
    """The same speech with its sound this much later."""
    count = 2 * int(abs(seconds) * speech.sample_rate)
    data = bytes(count) + speech.data[:-count] if seconds > 0 else speech.data[count:] + bytes(count)
    return Pcm(data, speech.sample_rate)


async def test_the_lips_follow_sound_alone(engine: Video, spoken: dict[str, Speech]) -> None:
    speech = spoken["ar"]
    shown = scene(speech.pcm, shape=Shape(320, 320), face=painted())
    colours = await palette(engine, shown)
    found = lip_sync(await film(engine, shown), colours, Performance(shown).track, speech.pcm, 25)
    assert found.good, str(found)


async def test_the_same_scene_is_the_same_film(engine: Video) -> None:
    one, other = await asyncio.gather(film(engine, scene(seed=5)), film(engine, scene(seed=5)))
    assert one == other
    assert one != await film(engine, scene(seed=6))


async def test_stretches_made_apart_move_as_one(engine: Video) -> None:
    whole = seen(await film(engine, scene(silence(2), most_bits=6_000_000)))
    second = seen(await film(engine, scene(silence(1), first=25, most_bits=6_000_000)))
    assert np.abs(whole[25:] - second).mean() < 1.5
    assert np.abs(whole[25:] - seen(await film(engine, scene(silence(1), most_bits=6_000_000)))).mean() > 1.5


async def test_faces_shown_at_once_do_not_mix(engine: Video) -> None:
    scarves = [(220, 40, 40), (40, 200, 40), (40, 40, 220), (200, 200, 40)]
    faces = [painted(replace(LOOK, scarf=scarf), f"s{number}") for number, scarf in enumerate(scarves)]
    clips = await asyncio.gather(*(film(engine, scene(face=face)) for face in faces * 2))
    for scarf, clip in zip(scarves * 2, clips, strict=True):
        top = seen(clip)[:, 44:52, 120:136].mean(axis=(1, 2))
        assert (np.abs(top / top.max(axis=1, keepdims=True) - np.array(scarf) / max(scarf)) < 0.25).all()


async def test_a_reader_who_leaves_stops_the_work(engine: Video) -> None:
    parts = engine.animate(scene(silence(120)))
    assert isinstance(await anext(parts), Progress)
    await parts.aclose()  # type: ignore[attr-defined]  # the contract promises less than a generator is
    async with asyncio.timeout(5):
        assert await film(engine, scene())


async def test_nothing_is_left_running_after_closing(tmp_path: Path) -> None:
    ready = bench(tmp_path)
    async with ready.http:
        opened = await SPEC.open(SPEC.config(), ready)
        tasks = [asyncio.ensure_future(film(opened, scene(silence(60)))) for _ in range(3)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await opened.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("photo")]


async def test_captions_are_written_and_leave_the_mouth_alone(engine: Video) -> None:
    words = (Word("مرحبا", 0.0, 0.3), Word("بكم", 0.3, 0.5))
    for view in ("square", "note", "portrait"):
        shape = Shape(288, 512) if view == "portrait" else Shape(384, 384)
        shown = scene(view=view, shape=shape, most_bits=6_000_000)
        plain, written = seen(await film(engine, shown)), seen(await film(engine, replace(shown, captions=words)))
        left, top, width, height = (round(side) for side in Cast().puppet(FACE, shown.view, shape).keep_clear)
        apart = np.abs(plain - written)[3]
        assert apart[top + height :].max() > 100
        assert apart[top : top + height - 4, left : left + width].mean() < 2


def changed(**files: bytes | None) -> Face:
    """The painted face with other files; None leaves one out."""
    kept = {**FACE.files, **{name.replace("_", "."): data for name, data in files.items()}}
    return replace(FACE, files={name: data for name, data in kept.items() if data is not None})


PNG, TOML = FACE.files["portrait.png"], FACE.files["avatar.toml"]
HUGE = PNG[:16] + struct.pack(">II", 2_000_000_000, 2_000_000_000) + PNG[24:]
HOSTILE = {
    "no picture": changed(portrait_png=None),
    "no manifest": changed(avatar_toml=None),
    "empty picture": changed(portrait_png=b""),
    "cut picture": changed(portrait_png=PNG[:40]),
    "no png": changed(portrait_png=b"\xff\xd8\xff\xe0" + bytes(400)),
    "a playlist": changed(portrait_png=b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n" + bytes(200)),
    "huge": changed(portrait_png=HUGE),
    "no toml": changed(avatar_toml=b"\xff\xfe["),
    "deep toml": changed(avatar_toml=b"a = " + b"[" * 20_000),
    "endless toml": changed(avatar_toml=b"#" * 1_000_000),
    "drawn": changed(avatar_toml=TOML.replace(b'"photo"', b'"illustrated"')),
    "no chin": changed(avatar_toml=TOML.replace(b"chin", b"beak")),
    "nowhere": changed(avatar_toml=TOML.replace(b"square = [", b"square = [1000, 1000, 50]\nnote2 = [")),
    "nan": changed(avatar_toml=TOML.replace(b"chin = [", b"chin = [nan, 1]\nx = [")),
    "other kind": replace(FACE, kind="illustrated"),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
async def test_hostile_faces_are_refused(engine: Video, name: str) -> None:
    with pytest.raises(Impossible):
        await film(engine, scene(face=HOSTILE[name]))


@pytest.mark.parametrize(
    ("speech", "code"),
    [(Pcm(b"", 16_000), "speech-empty"), (Pcm(bytes(2 * 16_000 * 301), 16_000), "speech-long")],
)
async def test_speeches_that_cannot_be_shown_are_refused(engine: Video, speech: Pcm, code: str) -> None:
    with pytest.raises(Impossible) as refused:
        await film(engine, replace(scene(), speech=speech))
    assert refused.value.code == code


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_picture_is_read_or_refused(data: st.DataObject) -> None:
    damaged = bytearray(PNG)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([0, 0, len(damaged) // 2, 60]))
    try:
        shown = read(changed(portrait_png=bytes(damaged[: len(damaged) - cut])))
    except Impossible:
        return
    assert shown.picture.shape == (420, 360, 3)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_manifest_is_shown_or_refused(data: st.DataObject) -> None:
    text = TOML.decode()
    number = data.draw(st.floats(-3000, 3000, allow_nan=False).map(lambda value: f"{value:.1f}"))
    places = [place for place, letter in enumerate(text) if letter in "0123456789"]
    place = data.draw(st.sampled_from(places))
    damaged = text[:place] + number + text[place + 1 :]
    try:
        puppet = Cast().puppet(changed(avatar_toml=damaged.encode()), "square", Shape(64, 64))
    except Impossible:
        return
    assert len(puppet.keep_clear) == 4


def test_the_note_on_quality_is_in_both_languages() -> None:
    assert min(len(QUALITY_NOTE[language]) for language in ("ar", "en")) > 200
