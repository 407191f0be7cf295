"""A reel's clips are what phones play, all alike in their headers, true in colour and within their bit rate."""

import io
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from core_pipeline.contracts.faces import Shape
from core_pipeline.media.film.facts import facts
from core_pipeline.media.film.reel import Reel
from errors import Impossible
from tests.film.files import SMALL, clip, lively, pixels, plain, seen

if TYPE_CHECKING:
    from core_pipeline.media.film.reel import Pixels

COLOURS = [(200, 40, 40), (40, 180, 60), (30, 60, 200), (240, 240, 240), (10, 10, 10), (220, 180, 140)]


def _headers(data: bytes) -> bytes:
    with av.open(io.BytesIO(data), "r") as container:
        return bytes(container.streams.video[0].codec_context.extradata or b"")


@pytest.mark.parametrize("shape", [SMALL, Shape(512, 512), Shape(540, 960), Shape(202, 358, 30)], ids=str)
def test_a_clip_is_what_phones_play(shape: Shape) -> None:
    found = facts(clip([(90, 120, 150)] * 7, shape).data)
    assert found.phones
    assert (found.codec, found.profile, found.has_b_frames, found.pix_fmt) == ("h264", "Main", False, "yuv420p")
    assert (found.width, found.height, found.fps, found.frames) == (shape.width, shape.height, shape.fps, 7)
    assert found.faststart
    assert found.seconds == pytest.approx(7 / shape.fps, abs=1e-3)
    assert found.audio is None


@pytest.mark.parametrize("colour", COLOURS, ids=str)
def test_colours_come_back(colour: tuple[int, int, int]) -> None:
    (_, found), *_ = seen(clip([colour] * 2).data)
    assert found == pytest.approx(colour, abs=4)


def test_colours_are_tagged_as_they_are_mixed() -> None:
    with av.open(io.BytesIO(clip([(200, 40, 40)]).data), "r") as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)


@pytest.mark.parametrize("shape", [SMALL, Shape(202, 358), Shape(512, 512)], ids=str)
def test_headers_do_not_depend_on_bit_rate_quality_or_content(shape: Shape) -> None:
    clips = [lively(3, shape, 3_000_000, 18), lively(2, shape, 80_000, 30), clip([(0, 0, 0)] * 60, shape)]
    assert len({_headers(each.data) for each in clips}) == 1


def test_a_key_picture_comes_first_and_every_two_seconds() -> None:
    with av.open(io.BytesIO(clip([(0, 0, 0), (255, 255, 255)] * 60).data), "r") as container:
        keys = [at for at, packet in enumerate(container.demux(video=0)) if packet.is_keyframe]
    assert keys == [0, 50, 100]


@pytest.mark.parametrize("most_bits", [150_000, 600_000])
def test_the_bit_rate_is_kept_however_hard_the_pictures_are(most_bits: int) -> None:
    hard = lively(150, Shape(256, 256), most_bits)
    assert len(hard.data) * 8 <= most_bits * (hard.seconds + 1) * 1.05
    assert len(lively(150, Shape(256, 256), 8_000_000).data) > len(hard.data)


def test_any_buffer_and_any_frame_are_the_same_picture() -> None:
    picture = plain((200, 100, 50))
    frame = av.VideoFrame.from_ndarray(picture, "rgba")
    yuv = frame.reformat(format="yuv444p", dst_colorspace="itu709")
    bgra = np.ascontiguousarray(picture[..., [2, 1, 0, 3]])
    ways: list[Pixels | av.VideoFrame] = [
        picture,
        picture.tobytes(),
        memoryview(bytearray(picture.tobytes())),
        picture[::1],
        frame,
        yuv,
    ]
    ways.append(av.VideoFrame.from_ndarray(bgra, "bgra"))
    for way in ways:
        reel = Reel(SMALL)
        reel.add(way)
        assert seen(reel.end())[0][1] == pytest.approx((200, 100, 50), abs=4)


def test_a_decoded_picture_is_encoded_as_any_other() -> None:
    with av.open(io.BytesIO(clip([(9, 9, 9)] * 3).data), "r") as container:
        first = next(container.decode(video=0))
    reel = Reel(SMALL)
    for _ in range(4):
        reel.add(first)
    with av.open(io.BytesIO(reel.end()), "r") as container:
        assert [packet.is_keyframe for packet in container.demux(video=0) if packet.size] == [True, *[False] * 3]


def test_a_picture_of_another_size_is_refused_and_a_frame_of_one_is_scaled() -> None:
    reel = Reel(SMALL)
    with pytest.raises(ValueError, match="no picture of 128x128"):
        reel.add(bytes(100))
    reel.add(av.VideoFrame.from_ndarray(plain((5, 200, 5), Shape(64, 32)), "rgba"))
    assert pixels(reel.end()).shape == (128, 128, 3)


@pytest.mark.parametrize("shape", [Shape(127, 128), Shape(0, 0), Shape(5000, 64), Shape(64, 64, 0)], ids=str)
def test_sizes_that_cannot_be_encoded_are_refused(shape: Shape) -> None:
    with pytest.raises(Impossible, match="film-shape"):
        Reel(shape)


def test_no_picture_is_no_clip() -> None:
    with pytest.raises(Impossible, match="film-empty"):
        Reel(SMALL).end()
