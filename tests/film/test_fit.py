"""A film fits its network's limit, or is refused; its poster is a picture of it."""

import io

import av
import numpy as np
import pytest

from core_pipeline.contracts.faces import Shape
from core_pipeline.media.film.facts import facts
from core_pipeline.media.film.fit import most_bits, poster, shrink
from core_pipeline.media.film.stitch import stitch
from errors import Impossible
from tests.film.files import clip, heard, lively, with_sound


async def test_a_film_that_fits_stays_as_it_is() -> None:
    film = await stitch([lively(20)], with_sound(1.0, 440))
    assert await shrink(film, len(film)) is film


@pytest.mark.parametrize("share", [0.9, 0.5, 0.25])
async def test_a_film_that_does_not_fit_is_made_smaller_and_keeps_its_sound(share: float) -> None:
    film = await stitch([lively(100, Shape(256, 256), 6_000_000, 16)], with_sound(4.0, 700))
    most = int(len(film) * share)
    smaller = await shrink(film, most)
    before, after = facts(film), facts(smaller)
    assert most * 0.45 < after.bytes <= most
    assert after.phones
    assert (after.frames, after.seconds, after.audio_seconds) == (before.frames, before.seconds, before.audio_seconds)
    assert np.array_equal(heard(smaller)[0], heard(film)[0])


async def test_a_film_without_sound_can_be_made_smaller_too() -> None:
    film = lively(60, Shape(256, 256), 6_000_000, 16).data
    assert facts(await shrink(film, len(film) // 3)).audio is None


async def test_less_than_a_face_needs_is_impossible() -> None:
    film = await stitch([lively(100, Shape(256, 256))], with_sound(4.0, 440))
    for most in (60_000, 10_000, 0):
        with pytest.raises(Impossible, match="film-too-large"):
            await shrink(film, most)
    with pytest.raises(Impossible, match="film-broken"):
        await shrink(b"no film at all", 3)


@pytest.mark.parametrize(("most", "seconds"), [(16_000_000, 120.0), (12_000_000, 60.0), (1_000_000, 20.0)])
def test_planned_bits_fit_with_the_sound(most: int, seconds: float) -> None:
    bits = most_bits(most, seconds)
    assert (bits * (seconds + 1) + 64_000 * seconds) / 8 < most
    assert most_bits(most, seconds, best=100_000) == 100_000


def test_a_plan_that_leaves_nothing_is_impossible() -> None:
    with pytest.raises(Impossible, match="film-too-large"):
        most_bits(1_000_000, 120.0)


async def test_what_was_planned_holds_for_the_hardest_pictures() -> None:
    bits = most_bits(150_000, 4.0)
    film = await stitch([lively(25, Shape(256, 256), bits) for _ in range(4)], with_sound(4.0, 440))
    assert len(await shrink(film, 150_000)) <= 150_000


def test_the_poster_is_the_picture_shown_then() -> None:
    film = clip([(200, 30, 30)] * 10 + [(30, 30, 200)] * 10).data
    for seconds, colour in ((0.0, (200, 30, 30)), (0.38, (200, 30, 30)), (0.41, (30, 30, 200)), (99.0, (30, 30, 200))):
        picture = _jpeg(poster(film, seconds))
        assert picture.shape == (128, 128, 3)
        assert picture.mean(axis=(0, 1)) == pytest.approx(colour, abs=6)


def test_a_poster_may_be_small() -> None:
    film = lively(3, Shape(270, 480)).data
    small = poster(film, widest=160)
    assert _jpeg(small).shape == (160, 90, 3)
    assert len(small) < len(poster(film))
    assert small[:2] == b"\xff\xd8"
    with pytest.raises(Impossible, match="film-broken"):
        poster(b"no film")


def _jpeg(data: bytes) -> np.ndarray:
    with av.open(io.BytesIO(data), "r", format="jpeg_pipe") as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")
