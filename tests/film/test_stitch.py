"""Clips and their sound become one film: untouched, in step, exactly as long as the pictures, never another's."""

import asyncio
import io
import threading
import time

import av
import numpy as np
import pytest

from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.faces import Clip, Shape
from core_pipeline.media.film.aside import GoOn, aside
from core_pipeline.media.film.facts import facts
from core_pipeline.media.film.stitch import stitch
from errors import Impossible
from tests.film.files import SMALL, clip, heard, lively, seen, with_sound

DARK, BRIGHT = (20, 20, 20), (250, 250, 250)


def _packets(data: bytes) -> list[bytes]:
    with av.open(io.BytesIO(data), "r") as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def _click(rate: int, at: float, seconds: float) -> Pcm:
    """Return silence with a short burst whose middle is at this time."""
    time_ = np.arange(round(seconds * rate)) / rate - at
    burst = np.sin(2 * np.pi * 1_000 * time_) * np.exp(-((time_ / 0.004) ** 2))
    return Pcm((burst * 20_000).astype("<i2").tobytes(), rate)


async def test_pictures_are_joined_without_being_touched() -> None:
    clips = [lively(20), lively(7, most_bits=300_000), clip([DARK] * 3, crf=28)]
    film = await stitch(clips, with_sound(1.2, 440))
    assert _packets(film) == [packet for each in clips for packet in _packets(each.data)]
    assert [round(when * 25) for when, _ in seen(film)] == list(range(30))


async def test_a_film_is_what_networks_ask_for() -> None:
    found = facts(await stitch([lively(25), lively(25)], with_sound(2.0, 440)))
    assert found.phones
    assert (found.codec, found.profile, found.has_b_frames, found.pix_fmt) == ("h264", "Main", False, "yuv420p")
    assert (found.audio, found.audio_tracks, found.audio_channels, found.audio_rate) == ("aac", 1, 1, 48_000)
    assert (found.width, found.height, found.fps, found.faststart) == (128, 128, 25.0, True)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000])
async def test_sound_and_pictures_are_in_step(rate: int) -> None:
    # The flash is the 31st picture: shown at 1.2 s.
    film = await stitch([clip([DARK] * 20), clip([DARK] * 10 + [BRIGHT] + [DARK] * 30)], _click(rate, 1.2, 2.44))
    flash = next(when for when, colour in seen(film) if colour[0] > 150)
    sound, played = heard(film)
    loudest = np.convolve(np.abs(sound), np.ones(played // 100), "same").argmax() / played
    assert flash == pytest.approx(1.2, abs=1e-3)
    assert abs(loudest - flash) <= 0.010


@pytest.mark.parametrize("seconds", [0.0, 0.4, 1.0, 1.7])
async def test_the_sound_is_as_long_as_the_pictures(seconds: float) -> None:
    film = await stitch([lively(25)], with_sound(seconds, 440))
    found = facts(film)
    assert found.seconds == pytest.approx(1.0, abs=1e-6)
    assert found.audio_seconds == pytest.approx(1.0, abs=1e-3)
    sound, rate = heard(film)
    loud = np.abs(sound[:rate]) > 0.1
    assert loud.sum() / rate == pytest.approx(min(seconds, 1.0) * 0.78, abs=0.05)  # of a sine at 0.3, 78 % is above 0.1


async def test_clips_with_other_headers_are_encoded_anew() -> None:
    foreign = _other_headers(10)
    film = await stitch([clip([DARK] * 10), foreign, clip([BRIGHT] * 5)], with_sound(1.0, 440))
    assert facts(film).phones
    assert facts(film).frames == 25
    assert [colour[0] > 128 for _, colour in seen(film)] == [False] * 10 + [True] * 15


async def test_what_cannot_be_joined_is_refused_by_name() -> None:
    sound, good = with_sound(1.0, 440), lively(5)
    for clips, code in (
        ([], "film-empty"),
        ([good, lively(5, Shape(64, 64))], "film-shapes"),
        ([good, lively(5, Shape(128, 128, 30))], "film-shapes"),
        ([Clip(good.data, SMALL, 6)], "film-broken"),
        ([Clip(good.data[:-200], SMALL, 5)], "film-broken"),
        ([Clip(b"no film", SMALL, 5)], "film-broken"),
        ([Clip(b"", SMALL, 5)], "film-broken"),
    ):
        with pytest.raises(Impossible) as refusal:
            await stitch(clips, sound)
        assert refusal.value.code == code


async def test_films_made_at_once_never_mix() -> None:
    """Each customer has a colour and a tone; eight films are put together at the same time."""
    people = [((40 + 25 * number, 250 - 25 * number, 30 * number), 400 + 200 * number) for number in range(8)]

    async def film(colour: tuple[int, int, int], hertz: int) -> bytes:
        clips = await asyncio.gather(*(asyncio.to_thread(clip, [colour] * 15) for _ in range(3)))
        return await stitch(clips, with_sound(1.8, hertz))

    films = await asyncio.gather(*(film(*person) for person in people))
    for (colour, hertz), made in zip(people, films, strict=True):
        assert all(found == pytest.approx(colour, abs=5) for _, found in seen(made))
        sound, rate = heard(made)
        for piece in np.array_split(sound[: int(1.8 * rate)], 6):
            spectrum = np.abs(np.fft.rfft(piece * np.hanning(piece.size)))
            assert spectrum.argmax() * rate / piece.size == pytest.approx(hertz, abs=5)


async def test_work_nobody_waits_for_ends_at_once() -> None:
    begun, ended = threading.Event(), threading.Event()

    def endless(go_on: GoOn) -> None:
        begun.set()
        try:
            while True:
                time.sleep(0.001)
                go_on()
        finally:
            ended.set()

    task = asyncio.create_task(aside(endless))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_what_goes_wrong_aside_is_raised_here() -> None:
    def wrong(_go_on: GoOn) -> None:
        raise Impossible("film-broken", "on purpose")

    with pytest.raises(Impossible, match="on purpose"):
        await aside(wrong)


def _other_headers(frames: int) -> Clip:
    """Return a clip as another engine might make it: baseline profile, no B-frames, its own headers."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25, options={"profile": "baseline", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 128, 128, "yuv420p"
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(np.full((128, 128, 3), 250, np.uint8), "rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return Clip(out.getvalue(), SMALL, frames)
