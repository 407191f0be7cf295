"""Enlarging within this process."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace

from core_pipeline.contracts.faces import Clip, Shape
from core_pipeline.engines.enlarging.reading import bits_for
from core_pipeline.engines.upscale.lanczos import SPEC, LanczosConfig
from core_pipeline.engines.upscale.lanczos.engine import LanczosUpscale
from tests.factories import bench
from tests.upscale.clips import clip, drawn, error, made, pictures_of


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[LanczosUpscale]:
    ready = bench(tmp_path)
    async with ready.http:
        opened = await SPEC.open(LanczosConfig(crf=12), ready)
        assert isinstance(opened, LanczosUpscale)
        yield opened
        await opened.close()


async def test_the_picture_stays_the_picture(engine: LanczosUpscale) -> None:
    found = await made(engine, clip(96, 64, 4), Shape(288, 192))
    wanted = np.stack([drawn(288, 192, 0)[..., :3]])
    moved = np.stack([drawn(288, 192, 9)[..., :3]])
    # Drawn three times as large, waves and edge are other pixels; shades and places are the same.
    shades = (slice(None), slice(None, 60), slice(None), 0)
    assert error(found.pictures[:1][shades], wanted[shades]) < 3
    small = found.pictures[:, 1::3, 1::3]
    assert error(small, pictures_of(clip(96, 64, 4))) < 4
    assert error(wanted, moved) > 8, "the comparison can tell pictures apart"


async def test_colours_mixed_another_way_come_out_as_ours(engine: LanczosUpscale) -> None:
    own = clip(96, 64, 2)
    older = Clip(mixed_as_601(96, 64, 2), own.shape, 2)
    one, other = [await made(engine, given, Shape(192, 128)) for given in (own, older)]
    with av.open(io.BytesIO(other.data), "r") as container:
        frame = next(container.decode(video=0))
        assert (frame.colorspace, frame.color_range) == (Colorspace.ITU709, ColorRange.MPEG)
    assert error(one.pictures, other.pictures) < 2.5


def mixed_as_601(width: int, height: int, frames: int) -> bytes:
    """The same film as `clip`, in the colours of old television, full range."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "10", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.colorspace, stream.codec_context.color_range = Colorspace.ITU601, ColorRange.JPEG
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(drawn(width, height, number), format="rgba").reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU601, dst_color_range=ColorRange.JPEG
            )
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


async def test_the_others_go_on_while_it_works(engine: LanczosUpscale) -> None:
    given, ticks = clip(320, 320, 25), 0
    working = asyncio.create_task(made(engine, given, Shape(1080, 1080)))
    while not working.done():
        await asyncio.sleep(0.005)
        ticks += 1
    assert len((await working).told) == 25
    assert ticks > 20, "the loop turned all the while"


def test_the_bits_grow_with_the_area_and_never_below_the_usual() -> None:
    quiet = Clip(bytes(1000), Shape(512, 512), 25)
    loud = Clip(bytes(200_000), Shape(512, 512), 25)
    assert bits_for(quiet, Shape(1024, 1024)) == 1_200_000
    assert bits_for(loud, Shape(1024, 1024)) == 6_400_000
