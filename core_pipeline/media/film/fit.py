"""Makes films fit: the bit rate planned from length and limit, a second try for what is still too large, the poster."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation

from core_pipeline.contracts.faces import Shape
from core_pipeline.media.film.aside import GoOn, aside
from core_pipeline.media.film.mux import muxed, packets
from core_pipeline.media.film.pictures import film_of, pictures
from core_pipeline.media.film.reel import MOST_BITS, Reel
from errors import Impossible

SOUND_BITS = 70_000  # 64 kbit/s and what its packets need in the index
SHARE = 0.97  # of a limit is planned: the rest is the index and what x264 overdraws
FLOOR_BITS = 64_000
BITS_A_PIXEL = 0.012  # below that a face is mud, whatever the size: 79 kbit/s at 512 px
TRIES = 2
JPEG_SCALE = 4  # 2 is best, 31 is worst


def most_bits(most_bytes: int, longest_seconds: float, *, best: int = MOST_BITS) -> int:
    """Return how many bits a second pictures may take so that a film of this length, sound included, fits.

    Never more than `best`. Raises `Impossible` "film-too-large" when less than `FLOOR_BITS` is left.
    """
    # A reel may spend one second's bits ahead.
    rate = (most_bytes * 8 * SHARE - SOUND_BITS * longest_seconds) / (longest_seconds + 1)
    if rate < FLOOR_BITS:
        raise Impossible("film-too-large", f"{longest_seconds:.0f} s do not fit in {most_bytes} bytes: send less")
    return int(min(best, rate))


async def shrink(data: bytes, most_bytes: int) -> bytes:
    """Return the film in at most `most_bytes`: as it is where it fits, else with its pictures encoded anew.

    Raises `Impossible` "film-too-large" when that would need fewer bits than a face can be shown with, "film-broken"
    for bad data.
    """
    if len(data) <= most_bytes:
        return data
    return await aside(lambda go_on: _shrunk(data, most_bytes, go_on))


def poster(data: bytes, seconds: float = 0.0, *, widest: int | None = None) -> bytes:
    """Return the picture shown at `seconds` (or the last before) as JPEG, neither side longer than `widest` pixels.

    Blocks for some milliseconds per second of film before it. Raises `Impossible` "film-broken".
    """
    found = None
    for picture in pictures(data):
        if found is not None and picture.time > seconds:
            break
        found = picture
    if found is None:
        raise Impossible("film-broken", "no picture")
    return _jpeg(found, widest)


def _jpeg(picture: VideoFrame, widest: int | None) -> bytes:
    scale = min(1.0, (widest or max(picture.width, picture.height)) / max(picture.width, picture.height))
    width, height = (max(2, round(side * scale / 2) * 2) for side in (picture.width, picture.height))
    ready = picture.reformat(
        *(width, height, "yuvj420p"),
        interpolation=Interpolation.LANCZOS,
        dst_colorspace="itu601",  # which is all that JPEG knows
        dst_color_range=ColorRange.JPEG,
        threads=1,
    )
    ready.pts, ready.pict_type = 0, 0
    encoder = VideoCodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base, encoder.thread_count = Fraction(1, 25), 1
    encoder.options = {"qmin": str(JPEG_SCALE), "qmax": str(JPEG_SCALE)}
    return b"".join(bytes(packet) for packet in [*encoder.encode(ready), *encoder.encode(None)])


@dataclass(frozen=True)
class _Film:
    """What a bit rate is planned from: shape, length, and the encoded sound, which stays."""

    shape: Shape
    seconds: float
    sound_bytes: int


def _shrunk(data: bytes, most_bytes: int, go_on: GoOn) -> bytes:
    film = _measured(data)
    floor = max(FLOOR_BITS, int(film.shape.width * film.shape.height * film.shape.fps * BITS_A_PIXEL))
    room = most_bytes * SHARE - film.sound_bytes
    for _try in range(TRIES):
        bits = int(room * 8 / (film.seconds + 1))
        if bits < floor:
            break
        smaller = _again(data, film.shape, bits, go_on)
        if len(smaller) <= most_bytes:
            return smaller
        room *= most_bytes / len(smaller) * SHARE
    raise Impossible("film-too-large", f"{film.seconds:.0f} s do not fit in {most_bytes} bytes: send less of it")


def _measured(data: bytes) -> _Film:
    with film_of(data) as (container, stream):
        counted, heard = 0, 0
        for packet in container.demux():
            counted += packet.stream is stream and packet.size > 0
            heard += packet.size if packet.stream is not stream else 0
        fps = round(stream.average_rate or 25)
        context = stream.codec_context
        return _Film(Shape(context.width, context.height, fps), counted / fps, heard)


def _again(data: bytes, shape: Shape, bits: int, go_on: GoOn) -> bytes:
    reel = Reel(shape, bits)
    for picture in pictures(data):
        go_on()
        reel.add(picture)
    silent = reel.end()
    return muxed(silent, packets(silent).packets, shape.fps, data)
