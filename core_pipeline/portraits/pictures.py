"""Strangers' pictures to plain pixels, in whatever process it is called: for an upload that is a child of the sandbox.

The decoder is chosen by the file's first bytes and given the whole file: nothing is guessed, no container is opened.
"""

from __future__ import annotations

import av
from av.filter import Graph
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from core_pipeline.media.wire import Refused
from core_pipeline.portraits.parcel import LONGEST_SIDE, Picture
from core_pipeline.portraits.upright import orientation

MOST_PIXELS = 50_000_000
SHORTEST_SIDE = 64
SLIMMEST = 4
_CODECS = {"png": "png", "jpeg": "mjpeg", "webp": "webp"}
# What turns a picture upright again, by EXIF's number; `transpose` counts its ways in ffmpeg's own order.
_TURNS: dict[int, tuple[tuple[str, dict[str, str]], ...]] = {
    1: (),
    2: (("hflip", {}),),
    3: (("hflip", {}), ("vflip", {})),
    4: (("vflip", {}),),
    5: (("transpose", {"dir": "0"}),),
    6: (("transpose", {"dir": "1"}),),
    7: (("transpose", {"dir": "3"}),),
    8: (("transpose", {"dir": "2"}),),
}
_SIDEWAYS = {5, 6, 7, 8}


def kind_of(data: bytes) -> str:
    """Return "png", "jpeg" or "webp" by a file's first bytes; raises `Refused` for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    raise Refused("picture-kind")


def pixels(data: bytes, *, opaque: bool = True, as_it_is: bool = False) -> Picture:
    """Return an upload's pixels, upright and at most `LONGEST_SIDE` long; what else the file tells is left behind.

    Unless `opaque`, the picture keeps what can be seen through. With `as_it_is` one that would have to be turned or
    shrunk is refused, since places in it were named. Raises `Refused`, or whatever ffmpeg raises.
    """
    kind = kind_of(data)
    frame = _decoded(kind, data)
    if min(frame.width, frame.height) < SHORTEST_SIDE:
        raise Refused("picture-too-small", f"{frame.width} x {frame.height}")
    if max(frame.width, frame.height) > SLIMMEST * min(frame.width, frame.height):
        raise Refused("picture-shape", f"{frame.width} x {frame.height}")
    turned = orientation(kind, data)
    wide, high = (frame.height, frame.width) if turned in _SIDEWAYS else (frame.width, frame.height)
    scale = min(1.0, LONGEST_SIDE / max(wide, high))
    if as_it_is and (turned != 1 or scale < 1):
        raise Refused("picture-changed", f"upright and at most {LONGEST_SIDE} pixels long")
    size = max(1, round(wide * scale)), max(1, round(high * scale))
    return _plain(_filtered(frame, turned, size, "rgb24" if opaque else "rgba"))


def _decoded(kind: str, data: bytes) -> VideoFrame:
    context = av.CodecContext.create(_CODECS[kind], "r")
    if not isinstance(context, VideoCodecContext):
        raise Refused("picture-kind")
    context.thread_count = 1
    context.options = {"max_pixels": str(MOST_PIXELS)}
    try:
        frames = [*context.decode(av.Packet(data)), *context.decode(None)]
    except av.error.ArgumentError as error:
        raise Refused("picture-too-many", f"at most {MOST_PIXELS // 1_000_000} million pixels") from error
    except av.error.FFmpegError as error:
        raise Refused("picture-unreadable", type(error).__name__) from error
    first = frames[0] if frames else None
    if not isinstance(first, VideoFrame) or first.is_corrupt:
        raise Refused("picture-unreadable", "no whole picture")
    if first.width * first.height > MOST_PIXELS:
        raise Refused("picture-too-many", f"at most {MOST_PIXELS // 1_000_000} million pixels")
    return first


def _filtered(frame: VideoFrame, turned: int, size: tuple[int, int], pixel: str) -> VideoFrame:
    """Turn, shrink and convert a frame on this thread alone."""
    graph = Graph()
    graph.threads = 1
    shape = {"video_size": f"{frame.width}x{frame.height}", "pix_fmt": frame.format.name, "time_base": "1/25"}
    nodes = [graph.add("buffer", **shape)]
    shrunk = {"w": str(size[0]), "h": str(size[1]), "flags": "lanczos+accurate_rnd+full_chroma_int"}
    # Turned last: a small picture is turned sooner.
    before = {**shrunk, "w": shrunk["h"], "h": shrunk["w"]} if turned in _SIDEWAYS else shrunk
    nodes += [graph.add("scale", **before), graph.add("format", pix_fmts=pixel)]
    nodes += [graph.add(name, **settings) for name, settings in _TURNS[turned]]
    graph.link_nodes(*nodes, graph.add("buffersink")).configure()
    frame.pts = None
    graph.push(frame)
    graph.push(None)
    out = graph.pull()
    if not isinstance(out, VideoFrame):
        raise Refused("picture-unreadable", "no picture")
    return out


def _plain(frame: VideoFrame) -> Picture:
    """The frame's rows without the padding between them."""
    plane, bands = frame.planes[0], len(frame.format.components)
    raw, row = bytes(plane), frame.width * bands
    starts = range(0, plane.line_size * frame.height, plane.line_size)
    return Picture(frame.width, frame.height, bands, b"".join(raw[start : start + row] for start in starts))
