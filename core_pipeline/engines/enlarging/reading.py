"""Reads a clip's pictures, fits them to a shape, and says which shapes a clip can be enlarged to."""

from __future__ import annotations

import io
from collections.abc import Iterator

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from core_pipeline.contracts.faces import Clip, Shape
from core_pipeline.media.film.reel import MOST_BITS, SD_HEIGHT, UNSAID
from errors import Impossible

# Without an empty protocol list a text that describes a network session would open one, even from memory.
OPTIONS = {"format_whitelist": "mov,mp4", "protocol_whitelist": "", "codec_whitelist": "h264", "max_streams": "2"}
MOST_STRETCH = 0.02
_LANCZOS = Interpolation.LANCZOS | Interpolation.ACCURATE_RND


def check(clip: Clip, shape: Shape) -> None:
    """Raise `Impossible` "upscale-shape" unless `shape` is the clip's own form and speed, and nowhere smaller."""
    own = clip.shape
    sides = (own.width, own.height, shape.width, shape.height)
    if any(side < 16 or side % 2 for side in sides):
        raise Impossible("upscale-shape", "sides must be even and 16 pixels at least")
    if shape.fps != own.fps:
        raise Impossible("upscale-shape", f"a clip of {own.fps} pictures a second can't become one of {shape.fps}")
    across, down = shape.width / own.width, shape.height / own.height
    if min(across, down) < 1 or abs(across / down - 1) > MOST_STRETCH:
        raise Impossible("upscale-shape", "the new shape must be larger, and of the same proportions")


def pictures(clip: Clip) -> Iterator[VideoFrame]:
    """Yield the clip's pictures in order; blocks.

    Raises `Impossible` "clip-unreadable" unless it is the H.264 film of that shape and length that it says it is.
    """
    count = 0
    try:
        with av.open(io.BytesIO(clip.data), "r", options=OPTIONS, metadata_errors="ignore") as container:
            for picture in _decoded(container):
                count += 1
                if count > clip.frames or (picture.width, picture.height) != (clip.shape.width, clip.shape.height):
                    raise Impossible("clip-unreadable", "its pictures are more, or of another size, than it says")
                yield picture
    except av.error.FFmpegError as error:
        raise Impossible("clip-unreadable", f"the clip can't be decoded ({type(error).__name__})") from None
    if count < clip.frames:
        raise Impossible("clip-unreadable", f"{count} pictures instead of {clip.frames}")


def _decoded(container: InputContainer) -> Iterator[VideoFrame]:
    if not container.streams.video:
        raise Impossible("clip-unreadable", "no pictures in it")
    stream = container.streams.video[0]
    # ffmpeg asks its whitelist only while it probes; the decoder that PyAV opens later would be any.
    if stream.codec_context.codec.name != "h264":
        raise Impossible("clip-unreadable", "it is not H.264")
    stream.codec_context.thread_count = 1
    yield from container.decode(stream)


class Fitting:
    """Draws pictures at one size in 4:2:0 with our colours (BT.709, limited range), by lanczos and without RGB between.

    Blocks, and belongs to one thread.
    """

    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)
        self._reformatter = VideoReformatter()  # keeps its tables from picture to picture

    def __call__(self, picture: VideoFrame) -> VideoFrame:
        """Return the picture at this size; the same one when it is so already."""
        return self._reformatter.reformat(
            picture,
            *(*self._size, "yuv420p"),
            src_colorspace=_mixed(picture),
            dst_colorspace=Colorspace.ITU709,
            interpolation=_LANCZOS,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )


def _mixed(picture: VideoFrame) -> Colorspace | None:
    """How its colours are mixed: None for as it says, else what its height suggests, as the encoder reads it."""
    if picture.format.is_rgb or picture.colorspace != UNSAID:
        return None
    return Colorspace.ITU601 if picture.height <= SD_HEIGHT else Colorspace.ITU709


def bits_for(clip: Clip, shape: Shape) -> int:
    """Return how many bits a second the enlarged clip may take: the clip's own by the area, at least the usual most."""
    own = len(clip.data) * 8 / max(clip.seconds, 1 / clip.shape.fps)
    area = shape.width * shape.height / (clip.shape.width * clip.shape.height)
    return max(MOST_BITS, round(own * area))
