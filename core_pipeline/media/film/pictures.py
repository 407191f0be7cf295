"""Reads our own films: their packets as they lie in the file, or their pictures decoded, on this thread alone."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from errors import Impossible

# Ours or not, a film comes out of an engine: nothing in it may send ffmpeg anywhere.
OPTIONS = {"format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2", "protocol_whitelist": "", "max_streams": "8"}


@dataclass(frozen=True)
class Packets:
    """A clip's pictures still encoded, in order, and the headers (SPS and PPS) that they need."""

    headers: bytes
    packets: tuple[av.Packet[VideoStream], ...]


@contextmanager
def opened(data: bytes) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open an MP4 file of ours with its one stream of pictures.

    Raises `Impossible` "film-broken" when it is none, here or while it is read.
    """
    try:
        with av.open(io.BytesIO(data), "r", format="mp4", options=OPTIONS, metadata_errors="ignore") as container:
            if len(container.streams.video) != 1:
                raise Impossible("film-broken", f"{len(container.streams.video)} streams of pictures")
            stream = container.streams.video[0]
            if stream.codec_context.name != "h264":
                raise Impossible("film-broken", "pictures are not H.264")
            stream.codec_context.thread_count = 1
            yield container, stream
    except av.error.FFmpegError as error:
        raise Impossible("film-broken", f"ffmpeg says {type(error).__name__}") from error


def packets(data: bytes) -> Packets:
    """Return a film's pictures still encoded. Raises `Impossible` "film-broken"."""
    with opened(data) as (container, stream):
        found = tuple(packet for packet in container.demux(stream) if packet.size)
        return Packets(bytes(stream.codec_context.extradata or b""), found)


def pictures(data: bytes) -> Iterator[VideoFrame]:
    """Decode a film's pictures one after the other. Raises `Impossible` "film-broken"."""
    with opened(data) as (container, stream):
        yield from container.decode(stream)
