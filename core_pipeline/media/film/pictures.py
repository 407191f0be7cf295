"""Opens our own films and decodes their pictures, on this thread alone."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from errors import Impossible

# Ours or not, a film comes out of an engine: nothing in it may send ffmpeg anywhere.
OPTIONS = {"format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2", "protocol_whitelist": "", "max_streams": "8"}


@contextmanager
def file_of(data: bytes) -> Iterator[InputContainer]:
    """Open an MP4 file of ours. Raises `Impossible` "film-broken" when it is none, here or while it is read."""
    try:
        with av.open(io.BytesIO(data), "r", format="mp4", options=OPTIONS, metadata_errors="ignore") as container:
            yield container
    except av.error.FFmpegError as error:
        raise Impossible("film-broken", f"ffmpeg says {type(error).__name__}") from error


@contextmanager
def film_of(data: bytes) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open an MP4 file of ours with its one stream of H.264 pictures. Raises as `file_of` does."""
    with file_of(data) as container:
        if len(container.streams.video) != 1:
            raise Impossible("film-broken", f"{len(container.streams.video)} streams of pictures")
        stream = container.streams.video[0]
        if stream.codec_context.name != "h264":
            raise Impossible("film-broken", "pictures are not H.264")
        stream.codec_context.thread_count = 1
        yield container, stream


def pictures(data: bytes) -> Iterator[VideoFrame]:
    """Decode a film's pictures one after the other. Raises `Impossible` "film-broken"."""
    with film_of(data) as (container, stream):
        yield from container.decode(stream)
