"""Encodes pictures one by one as a silent clip, with one set of settings, so that clips of one size can be joined.

Imports no numpy: the sandbox's children encode with it too.
"""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import av
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, VideoReformatter
from av.video.stream import VideoStream

from errors import Impossible

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels: TypeAlias = bytes | bytearray | memoryview | NDArray[np.uint8]

CRF = 23
MOST_BITS = 1_200_000
KEY_SECONDS = 2
SIZES, RATES = range(16, 4_097, 2), range(1, 61)
UNSAID = 2  # ITU-T H.273's word for a matrix that a file doesn't name
SD_HEIGHT = 576
# ITU-T H.264 table A-1: level, macroblocks in a picture and in a second.
LEVELS = (("3.0", 1_620, 40_500), ("3.1", 3_600, 108_000), ("4.0", 8_192, 245_760), ("5.1", 36_864, 983_040))


class Size(Protocol):
    """What a reel must know of a `Shape`."""

    @property
    def width(self) -> int:
        """Pixels across, even."""

    @property
    def height(self) -> int:
        """Pixels down, even."""

    @property
    def fps(self) -> int:
        """Pictures a second."""


class Reel:
    """Takes pictures of one shape, gives them back as the data of a `Clip`; blocks, and belongs to one thread.

    `most_bits` is what a second may take at most; within it `crf` is the quality (18 fine, 28 coarse). Clips of one
    shape have the same headers whatever their `most_bits` and `crf`. Raises `Impossible` "film-shape" for a size
    that can't be encoded.
    """

    def __init__(self, shape: Size, most_bits: int = MOST_BITS, *, crf: float = CRF) -> None:
        check(shape)
        self.frames = 0
        self._shape = shape
        self._file = io.BytesIO()
        self._container = mp4(self._file)
        self._stream = self._container.add_stream("libx264", rate=shape.fps, options=_options(shape, most_bits, crf))
        self._stream.width, self._stream.height = shape.width, shape.height
        self._stream.pix_fmt = "yuv420p"
        self._stream.time_base = Fraction(1, shape.fps)
        _tag(self._stream)
        self._reformatter = VideoReformatter()

    def add(self, picture: Pixels | VideoFrame) -> None:
        """Encode the next picture: RGBA pixels of height x width x 4 (alpha is not looked at), or a frame.

        A frame may have any pixel format and size; what it says of its colours is believed. Raises ValueError for
        pixels that are more or less than one picture.
        """
        frame = picture if isinstance(picture, VideoFrame) else self._frame(picture)
        ready = self._reformatter.reformat(
            frame,
            *(self._shape.width, self._shape.height, "yuv420p"),
            src_colorspace=matrix(frame),
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
        ready.pts, ready.time_base = self.frames, Fraction(1, self._shape.fps)
        ready.pict_type = PictureType.NONE  # a decoded picture remembers what it was, and x264 would obey
        self._container.mux(self._stream.encode(ready))
        self.frames += 1

    def end(self) -> bytes:
        """Return the finished MP4 file. Raises `Impossible` "film-empty" when no picture was added."""
        if not self.frames:
            raise Impossible("film-empty", "no picture to encode")
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._file.getvalue()

    def _frame(self, pixels: Pixels) -> VideoFrame:
        raw = pixels if isinstance(pixels, bytes) else bytes(memoryview(pixels))  # type: ignore[arg-type]  # before 3.12 numpy can't say it's a buffer
        if len(raw) != self._shape.width * self._shape.height * 4:
            raise ValueError(f"{len(raw)} bytes are no picture of {self._shape.width}x{self._shape.height}")
        return VideoFrame.from_bytes(raw, self._shape.width, self._shape.height, "rgba")


def check(shape: Size) -> None:
    """Raise `Impossible` "film-shape" for a size or rate that can't be encoded."""
    if shape.width not in SIZES or shape.height not in SIZES or shape.fps not in RATES:
        raise Impossible("film-shape", f"{shape.width}x{shape.height} at {shape.fps}")


def mp4(file: io.BytesIO) -> av.container.OutputContainer:
    """Open an MP4 file in memory for writing; when closed, its index stands before its data."""

    def again(_url: str, _flags: int, _options: dict[str, Any]) -> io.BytesIO:
        # To put the index first, ffmpeg opens the file it has just written a second time.
        return io.BytesIO(file.getvalue())

    return av.open(file, "w", format="mp4", options={"movflags": "+faststart"}, io_open=again)


def _options(shape: Size, most_bits: int, crf: float) -> dict[str, str]:
    """Return x264's settings; `stitchable` keeps its headers free of anything that depends on rate and content."""
    return {
        "preset": "veryfast",
        "profile": "main",
        "crf": str(crf),
        "maxrate": str(most_bits),
        "bufsize": str(most_bits),
        "bf": "0",
        "g": str(KEY_SECONDS * shape.fps),
        "sc_threshold": "0",
        "level": _level(shape),
        "threads": "1",
        "a53cc": "0",
        "x264-params": "stitchable=1:open-gop=0",
    }


def _level(shape: Size) -> str:
    """Return the lowest level that shows this shape; left alone, x264 would also look at the bit rate."""
    blocks = -(-shape.width // 16) * -(-shape.height // 16)
    fits = (name for name, most, a_second in LEVELS if blocks <= most and blocks * shape.fps <= a_second)
    return next(fits, "5.2")


def _tag(stream: VideoStream) -> None:
    context = stream.codec_context
    context.colorspace = Colorspace.ITU709
    context.color_range = ColorRange.MPEG
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709


def matrix(frame: VideoFrame) -> Colorspace | None:
    """Return how a frame's colours are mixed: None for as it says, else what its height suggests."""
    if frame.format.is_rgb or frame.colorspace != UNSAID:
        return None
    return Colorspace.ITU601 if frame.height <= SD_HEIGHT else Colorspace.ITU709
