"""Reads a stranger's or a vendor's film and films it anew our way, in whatever process it is called.

For a stranger's file that is a child of the zygote: nothing here imports numpy, nor more of the platform than a reel.
"""

from __future__ import annotations

import importlib
import io
import pkgutil
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import av
from av.container import InputContainer
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream

from core_pipeline.media.film.reel import Reel, matrix
from core_pipeline.media.wire import Refused

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"
CODECS = "h264,hevc,vp8,vp9,aac,mp3,mp3float,opus,vorbis,amrnb"
# Why both lists, and why not only they: see this room's README.
OPTIONS = {
    "format_whitelist": FORMATS,
    "protocol_whitelist": "",
    "codec_whitelist": CODECS,
    "max_streams": "8",
    "probesize": "2000000",
}
PICTURES = frozenset({"h264", "hevc", "vp8", "vp9"})
LEAST_SIDE, MOST_SIDE, MOST_PIXELS = 32, 4_096, 3_840 * 2_160
MOST_RATE = 120  # pictures a second that are decoded at most
BAD_PACKETS = 200
SUBJECT = "film"
CPU_SECONDS = 120
# How a picture that says it lies on its side (in degrees, counterclockwise) is put upright.
TURNS: dict[int, tuple[tuple[str, dict[str, str]], ...]] = {
    90: (("transpose", {"dir": "cclock"}),),
    -90: (("transpose", {"dir": "clock"}),),
    180: (("hflip", {}), ("vflip", {})),
    -180: (("hflip", {}), ("vflip", {})),
}
MATRICES = {Colorspace.ITU601: "bt601", Colorspace.ITU709: "bt709"}
COUNT = struct.Struct("!I")


@dataclass(frozen=True)
class Wanted:
    """The film that is wanted: a `Shape`, its bits a second, and how long the source may be."""

    width: int
    height: int
    fps: int
    most_bits: int
    max_seconds: float


def work(verb: str, details: Mapping[str, Any], data: bytes) -> bytes:
    """Do what the zygote's child is ordered to, which is "film": the number of pictures and the MP4 file."""
    del verb
    frames, film = refilm(data, Wanted(**details))
    return COUNT.pack(frames) + film


def refilm(data: bytes, wanted: Wanted) -> tuple[int, bytes]:
    """Return the film's pictures filling the wanted shape, by their times; raises `Refused` or whatever PyAV raises.

    What doesn't fit the shape is cut off at both sides or at top and bottom alike.
    """
    reel = Reel(wanted, wanted.most_bits)
    most, fitter = int(wanted.max_seconds * wanted.fps), _Fitter(wanted)
    with _film(data) as (container, stream):
        for picture, times in _timed(_decoded(container, stream, wanted), wanted.fps):
            if reel.frames + times > most:
                raise Refused("film-too-long")
            fitted = fitter.fit(picture) if times else picture
            for _ in range(times):
                reel.add(fitted)
    if not reel.frames:
        raise Refused("film-unreadable", "no pictures")
    return reel.frames, reel.end()


@contextmanager
def _film(data: bytes) -> Iterator[tuple[InputContainer, VideoStream]]:
    with av.open(io.BytesIO(data), "r", options=OPTIONS, metadata_errors="ignore") as container:
        if not container.streams.video:
            raise Refused("film-unreadable", "no pictures")
        stream = container.streams.video[0]
        context = stream.codec_context
        # ffmpeg asks its whitelist only while it probes; the decoder that PyAV opens later would be any.
        if context.codec.name not in PICTURES:
            raise Refused("film-unreadable", "codec not allowed")
        _check_size(context.width, context.height)
        context.thread_count = 1
        yield container, stream


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS or max(width, height) > MOST_SIDE:
        raise Refused("film-too-large", f"{width}x{height}")
    if min(width, height) < LEAST_SIDE:
        raise Refused("film-unreadable", "no size")


def _decoded(container: InputContainer, stream: VideoStream, wanted: Wanted) -> Iterator[VideoFrame]:
    bad, seen, most = 0, 0, wanted.max_seconds * MOST_RATE
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            bad += 1
            if bad > BAD_PACKETS:
                raise Refused("film-unreadable", "too many broken packets") from None
            continue
        seen += len(frames)
        if seen > most:
            raise Refused("film-too-long", "too many pictures")
        yield from frames


def _timed(pictures: Iterator[VideoFrame], fps: int) -> Iterator[tuple[VideoFrame, int]]:
    """Give each picture with how often it is shown, so that each stands where its own time says."""
    shown, start, last = 0, 0.0, None
    for picture in pictures:
        time = picture.time or 0.0
        if last is None:
            start = time
        else:
            due = max(shown, round((time - start) * fps))
            yield last, due - shown
            shown = due
        last = picture
    if last is not None:
        yield last, 1


class _Fitter:
    """Puts pictures upright, cuts and scales them to the wanted size; a film may change its own half-way."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._look: object = None
        self._graph = Graph()

    def fit(self, picture: VideoFrame) -> VideoFrame:
        """Return the picture as it is wanted; its time is lost."""
        look = (picture.rotation, *_source(picture).values())
        if look != self._look:
            _check_size(picture.width, picture.height)
            self._graph, self._look = _graph(picture, self._wanted), look
        self._graph.push(picture)
        fitted = self._graph.pull()
        assert isinstance(fitted, VideoFrame)  # noqa: S101 : narrows the type; a graph of pictures gives pictures
        return fitted


def _graph(picture: VideoFrame, wanted: Wanted) -> Graph:
    """Return a graph of one thread that turns, cuts and scales pictures like this one."""
    graph = Graph()
    graph.threads = 1
    turns = TURNS.get(picture.rotation, ())
    sideways = any(name == "transpose" for name, _ in turns)
    across, down = (picture.height, picture.width) if sideways else (picture.width, picture.height)
    width, height = _cut(across, down, wanted)
    guessed = matrix(picture)
    scale = {
        "w": str(wanted.width),
        "h": str(wanted.height),
        "flags": "lanczos+accurate_rnd",
        "in_color_matrix": "auto" if guessed is None else MATRICES[guessed],
        "out_color_matrix": "bt709",
        "out_range": "tv",
    }
    steps = [
        ("buffer", _source(picture)),
        *turns,
        ("crop", {"w": str(width), "h": str(height)}),
        ("scale", scale),
        ("format", {"pix_fmts": "yuv420p"}),
        ("buffersink", {}),
    ]
    graph.link_nodes(*(graph.add(name, **options) for name, options in steps)).configure()
    return graph


def _source(picture: VideoFrame) -> dict[str, str]:
    return {
        "video_size": f"{picture.width}x{picture.height}",
        "pix_fmt": picture.format.name,
        "time_base": "1/1000",
        "colorspace": str(picture.colorspace),
        "range": str(picture.color_range),
    }


def _cut(width: int, height: int, wanted: Wanted) -> tuple[int, int]:
    """Return how much of a picture is kept, from its middle, to have the wanted proportions; even numbers."""
    across = min(width, height * wanted.width // wanted.height)
    down = min(height, width * wanted.height // wanted.width)
    return max(2, across // 2 * 2), max(2, down // 2 * 2)


def warm() -> None:
    """Load every part of PyAV that could be asked for later, when no file can be opened any more."""
    av.logging.set_level(None)
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if not module.name.endswith("__main__") and "datasets" not in module.name:
            importlib.import_module(module.name)
    tiny = Wanted(width=64, height=64, fps=25, most_bits=100_000, max_seconds=1.0)
    reel = Reel(tiny, tiny.most_bits)
    reel.add(bytes(64 * 64 * 4))
    refilm(reel.end(), tiny)
