"""Films and sounds made on the fly for the tests: ours, other people's, and what an enemy may send."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import cast

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.faces import Clip, Shape
from core_pipeline.media.film.reel import MOST_BITS, Reel

SMALL = Shape(128, 128)
TEN = tuple(number / 25 for number in range(10))
Picture = NDArray[np.uint8]


def plain(colour: Sequence[int], shape: Shape = SMALL) -> Picture:
    """Return a picture of one colour."""
    return np.full((shape.height, shape.width, 4), [*colour, 255], np.uint8)


def clip(colours: Sequence[Sequence[int]], shape: Shape = SMALL, most_bits: int = MOST_BITS, crf: float = 23) -> Clip:
    """Return a clip of one picture per colour."""
    reel = Reel(shape, most_bits, crf=crf)
    for colour in colours:
        reel.add(plain(colour, shape))
    return Clip(reel.end(), shape, len(colours))


def lively(frames: int, shape: Shape = SMALL, most_bits: int = MOST_BITS, crf: float = 23) -> Clip:
    """Return a clip that is hard to encode: blocks of noise that move."""
    rng = np.random.default_rng(3)
    size = (shape.height // 8 + 1, shape.width // 8 + 1, 4)
    base = rng.integers(0, 255, size, np.uint8).repeat(8, 0).repeat(8, 1)[: shape.height, : shape.width]
    reel = Reel(shape, most_bits, crf=crf)
    for number in range(frames):
        reel.add(np.ascontiguousarray(np.roll(base, (number * 3, number * 5), (0, 1))))
    return Clip(reel.end(), shape, frames)


def seen(film: bytes) -> list[tuple[float, tuple[int, int, int]]]:
    """Return when each picture of a film is shown and its mean colour."""
    with av.open(io.BytesIO(film), "r") as container:
        return [(frame.time, _mean(frame)) for frame in container.decode(video=0)]


def _mean(frame: av.VideoFrame) -> tuple[int, int, int]:
    pixels = frame.to_ndarray(format="rgb24")
    red, green, blue = (round(float(value)) for value in pixels.reshape(-1, 3).mean(axis=0))
    return red, green, blue


def pixels(film: bytes, number: int = 0) -> Picture:
    """Return one picture of a film as RGB."""
    with av.open(io.BytesIO(film), "r") as container:
        frames = list(container.decode(video=0))
    return cast("Picture", frames[number].to_ndarray(format="rgb24"))


def heard(film: bytes) -> tuple[NDArray[np.float32], int]:
    """Return a film's sound as it is played from time zero, and its sample rate."""
    with av.open(io.BytesIO(film), "r") as container:
        frames = list(container.decode(audio=0))
    sound = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    rate = frames[0].sample_rate
    return np.pad(sound, (round((frames[0].time or 0.0) * rate), 0)), rate


def foreign(
    codec: str = "libx264",
    container: str = "mp4",
    size: tuple[int, int] = (160, 120),
    times: Sequence[float] = TEN,
    pix_fmt: str = "yuv420p",
) -> bytes:
    """Return a film as others make it: left half red, right half blue, a green stripe on top, pictures at `times`."""
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, : width // 2, 0], picture[:, width // 2 :, 2] = 200, 200
    picture[: height // 8] = (0, 200, 0)
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        quiet = {"x265-params": "log-level=none"} if codec == "libx265" else {}
        stream = cast("VideoStream", file.add_stream(codec, rate=25, options=quiet))
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
        for time in times:
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format=pix_fmt)
            frame.pts, frame.time_base = round(time * 1000), Fraction(1, 1000)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return out.getvalue()


def sideways(film: bytes) -> bytes:
    """Return an MP4 film whose header says that it is to be turned by 90 degrees clockwise, as phones write it."""
    one, turned = 1 << 16, bytearray(film)
    at = turned.index(b"tkhd") + 4 + 40  # version 0: the matrix follows after 40 bytes
    matrix = (0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    turned[at : at + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in matrix)
    return bytes(turned)


def with_sound(seconds: float, hertz: float, rate: int = 16_000) -> Pcm:
    """Return a sine."""
    wave = np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate) * 0.3 * 32_767
    return Pcm(wave.astype("<i2").tobytes(), rate)


@cache
def _sources() -> tuple[bytes, ...]:
    return (
        foreign(),
        foreign("libvpx-vp9", "webm"),
        foreign("libvpx", "webm"),
        foreign("libx264", "matroska"),
        sideways(foreign()),
        lively(12, Shape(96, 64)).data,
    )


def mutant(seed: int) -> bytes:
    """Return a film broken in one of several ways, always the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311 : the same mutant in every run is the point
    sources = _sources()
    data = bytearray(sources[seed % len(sources)])
    for _ in range(rng.choice((1, 1, 2, 4))):
        data = rng.choice((_flip, _cut, _splice, _bomb))(data, rng)
    return bytes(data)


def _flip(data: bytearray, rng: random.Random) -> bytearray:
    reach = rng.choice((400, len(data) or 1))
    for _ in range(rng.choice((1, 10, 200))):
        if data:
            data[rng.randrange(min(reach, len(data)))] ^= 1 << rng.randrange(8)
    return data


def _cut(data: bytearray, rng: random.Random) -> bytearray:
    return data[: rng.randrange(len(data) + 1)]


def _splice(data: bytearray, rng: random.Random) -> bytearray:
    other = rng.choice(_sources())
    at, piece = rng.randrange(len(data) + 1), rng.randrange(len(other))
    return data[:at] + bytearray(other[piece : piece + rng.randrange(3_000)]) + data[at:]


def _bomb(data: bytearray, rng: random.Random) -> bytearray:
    for _ in range(rng.choice((1, 3, 20))):
        at = rng.randrange(max(1, min(900, len(data))))
        data[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\0\0\xff\xff"))
    return data
