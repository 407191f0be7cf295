"""Whether a file is a film that phones play: H.264 they can decode, one track of sound, ready before it has arrived."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import av
from av.video.frame import PictureType

_PROFILES = frozenset({"Main", "Baseline", "Constrained Baseline"})
_WIDE_SIZE = 1  # a box whose size is in eight further bytes


@dataclass(frozen=True)
class FilmCheck:
    """Length in seconds and size in pixels as decoded, and what is wrong with the file."""

    seconds: float
    width: int
    height: int
    faults: tuple[str, ...]


def examine(data: bytes) -> FilmCheck:
    """Decode the whole film and check container, codecs, pictures and the order of its parts.

    A film without sound is a fault here, though the networks take it: these films speak.
    """
    try:
        with av.open(io.BytesIO(data), "r") as box:
            return _decoded(box, starts_fast(data))
    except (av.error.FFmpegError, ValueError):
        return FilmCheck(0.0, 0, 0, ("the film cannot be decoded",))


def starts_fast(data: bytes) -> bool:
    """Whether the table of contents lies before the pictures and sounds."""
    kinds = list(_boxes(data))
    return b"moov" in kinds and b"mdat" in kinds and kinds.index(b"moov") < kinds.index(b"mdat")


def _decoded(box: av.container.InputContainer, fast: bool) -> FilmCheck:
    if not box.streams.video:
        return FilmCheck(0.0, 0, 0, ("the film has no pictures",))
    stream, sounds = box.streams.video[0], box.streams.audio
    pictures = backwards = 0
    for frame in box.decode(stream):
        pictures += 1
        backwards += frame.pict_type == PictureType.B
    codec, rate = stream.codec_context, float(stream.average_rate or 0)
    checks = {
        f"container is {box.format.name}, not mp4": "mp4" in box.format.name.split(","),
        f"{len(box.streams.video)} tracks of pictures, not 1": len(box.streams.video) == 1,
        f"codec is {codec.name}, not h264": codec.name == "h264",
        f"profile is {codec.profile}": codec.profile in _PROFILES,
        f"pixels are {codec.pix_fmt}, not yuv420p": codec.pix_fmt == "yuv420p",
        f"{backwards} B-frames": not backwards,
        f"{len(sounds)} tracks of sound, not 1": len(sounds) == 1,
        "the sound is not aac": all(sound.codec_context.name == "aac" for sound in sounds),
        "the table of contents comes last: nothing shows until all has arrived": fast,
        "there is no picture": pictures > 0 and rate > 0,
    }
    faults = tuple(fault for fault, fine in checks.items() if not fine)
    return FilmCheck(pictures / rate if rate else 0.0, codec.width, codec.height, faults)


def _boxes(data: bytes) -> Iterator[bytes]:
    at = 0
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        if size == _WIDE_SIZE:
            size = int.from_bytes(data[at + 8 : at + 16])
        yield kind
        at += size if size >= 8 else len(data)
