"""Clips of engines that write no captions get them afterwards, at the right pictures and nowhere else."""

import asyncio

import numpy as np
import pytest

from core_pipeline.contracts.engines import Word
from core_pipeline.contracts.faces import Clip, Shape
from core_pipeline.media.film.captions import Captions
from core_pipeline.media.film.dress import dress
from core_pipeline.media.film.facts import facts
from core_pipeline.media.film.stitch import stitch
from errors import Impossible
from tests.film.files import SMALL, clip, lively, pixels, with_sound

SHAPE = Shape(256, 256)
MOUTH = (100.0, 150.0, 56.0, 40.0)
GREY = (120, 120, 120)


def _captions(start: float = 0.4, end: float = 0.8) -> Captions:
    return Captions([Word("أهلاً", start, end)], SHAPE, "ar", MOUTH)


async def test_captions_are_burned_in_while_their_words_are_said() -> None:
    dressed = await dress(clip([GREY] * 50, SHAPE), _captions())
    assert (dressed.shape, dressed.frames) == (SHAPE, 50)
    assert facts(dressed.data).phones
    before, during, after = (pixels(dressed.data, number).astype(int) for number in (2, 15, 45))
    assert np.abs(before - 120).max() <= 6
    assert np.abs(after - 120).max() <= 12
    touched = np.abs(during - 120).max(axis=-1) > 30
    rows = np.flatnonzero(touched.any(axis=1))
    assert touched.sum() > 500
    assert rows[0] >= MOUTH[1] + MOUTH[3]


async def test_a_dressed_clip_joins_one_that_is_not() -> None:
    plain = lively(10, SHAPE)
    film = await stitch([await dress(lively(25, SHAPE), _captions()), plain], with_sound(1.4, 440))
    assert facts(film).frames == 35


async def test_without_captions_a_clip_stays_as_it_is() -> None:
    plain = lively(5)
    assert await dress(plain, None) is plain


async def test_bad_clips_are_refused() -> None:
    for bad in (Clip(b"nothing", SMALL, 3), Clip(lively(3).data, SMALL, 4)):
        with pytest.raises(Impossible, match="film-broken"):
            await dress(bad, Captions([], SMALL, "ar", None))


async def test_dressing_can_be_cancelled() -> None:
    task = asyncio.create_task(dress(lively(200, SHAPE), _captions()))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 2.0)
