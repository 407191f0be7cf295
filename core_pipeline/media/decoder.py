"""Decodes with PyAV, in whatever process it is called: for a stranger's file that is a child of the zygote.

Nothing here imports numpy or anything of the platform: the zygote imports this module and must stay small.
"""

from __future__ import annotations

import importlib
import io
import pkgutil
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.filter import Graph

from core_pipeline.media.probe import MediaFacts
from core_pipeline.media.wire import Refused

FORMATS = "ogg,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,amr,wav,flac,aac"
CODECS = "opus,vorbis,aac,mp3,mp3float,amrnb,amrwb,flac,pcm_mulaw,pcm_alaw,pcm_s16le,pcm_f32le"
# Without the two whitelists a text that describes a network session (SDP, HLS) makes ffmpeg open that session,
# even when it comes from memory: see this room's README.
OPTIONS = {
    "format_whitelist": FORMATS,
    "protocol_whitelist": "",
    "codec_whitelist": CODECS,
    "max_streams": "8",
    "probesize": "1000000",
}
SAMPLE_RATES = range(4_000, 192_001)
CHANNELS = range(1, 9)
BAD_PACKETS = 200
SUBJECT = "media"
CPU_SECONDS = 10
CONTAINERS = {"mov,mp4,m4a,3gp,3g2,mj2": "mp4", "matroska,webm": "webm"}


def work(verb: str, details: Mapping[str, Any], data: bytes) -> bytes:
    """Do what the zygote's child is ordered to: "decode" gives samples, "probe" packed facts; raises as they do."""
    if verb == "probe":
        return measure(data, details["max_seconds"]).pack()
    return decode(data, details["sample_rate"], details["max_seconds"])


def decode(data: bytes, sample_rate: int, max_seconds: float) -> bytes:
    """Return the first audio track as mono s16 at `sample_rate`; raises `Refused` or whatever PyAV raises."""
    with _audio(data) as (container, stream):
        mono = _Mono(sample_rate, int(max_seconds * sample_rate) * 2)
        for frame in _frames(container, stream):
            mono.push(frame)
        mono.flush()
    if not mono.pcm:
        raise Refused("media-unreadable", "no samples")
    return bytes(mono.pcm)


def measure(data: bytes, max_seconds: float) -> MediaFacts:
    """Return the facts of the first audio track; raises as `decode` does."""
    with _audio(data) as (container, stream):
        context = stream.codec_context
        seconds, bits = 0.0, 0
        for packet, frames in _packets(container, stream):
            bits += packet.size * 8
            seconds += sum(frame.samples / frame.sample_rate for frame in frames)
            if seconds > max_seconds:
                raise Refused("media-too-long")
        if not seconds:
            raise Refused("media-unreadable", "no samples")
        return MediaFacts(
            container=CONTAINERS.get(container.format.name, container.format.name),
            codec=context.codec.canonical_name,
            channels=context.channels,
            sample_rate=context.sample_rate,
            seconds=seconds,
            bit_rate=round(bits / seconds),
        )


@contextmanager
def _audio(data: bytes) -> Iterator[tuple[InputContainer, AudioStream]]:
    with av.open(io.BytesIO(data), "r", options=OPTIONS, metadata_errors="ignore") as container:
        if not container.streams.audio:
            raise Refused("media-unreadable", "no audio track")
        stream = container.streams.audio[0]
        context = stream.codec_context
        # ffmpeg asks its whitelist only while it probes; the decoder that PyAV opens later would be any.
        if context.codec.name not in CODECS.split(","):
            raise Refused("media-unreadable", "codec not allowed")
        if (context.sample_rate or 0) not in SAMPLE_RATES or (context.channels or 0) not in CHANNELS:
            raise Refused("media-unreadable", "sample rate or channels out of range")
        context.thread_count = 1
        yield container, stream


def _packets(
    container: InputContainer, stream: AudioStream
) -> Iterator[tuple[av.Packet[AudioStream], list[AudioFrame]]]:
    bad = 0
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            bad += 1
            if bad > BAD_PACKETS:
                raise Refused("media-unreadable", "too many broken packets") from None
            continue
        yield packet, frames


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    for _packet, frames in _packets(container, stream):
        yield from frames


class _Mono:
    """Collects frames of any shape as mono s16 at one rate, on this thread alone.

    PyAV's own AudioResampler starts one thread per core, which the sandbox forbids, and refuses a stream that
    changes its shape half-way, which spliced voice notes do.
    """

    def __init__(self, sample_rate: int, max_bytes: int) -> None:
        self.pcm = bytearray()
        self._sample_rate = sample_rate
        self._max_bytes = max_bytes
        self._shape: tuple[str, str, int] | None = None
        self._graph: Graph | None = None

    def push(self, frame: AudioFrame) -> None:
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if shape != self._shape:
            self.flush()
            self._graph, self._shape = _graph(*shape, self._sample_rate), shape
        frame.pts = None
        self._feed(frame)

    def flush(self) -> None:
        if self._graph is not None:
            self._feed(None)
            self._graph = self._shape = None

    def _feed(self, frame: AudioFrame | None) -> None:
        assert self._graph is not None  # noqa: S101 : narrows the type; both callers have just made sure
        self._graph.push(frame)
        while True:
            try:
                out = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            assert isinstance(out, AudioFrame)  # noqa: S101 : narrows the type; a sound graph gives sound
            self.pcm += bytes(out.planes[0])[: out.samples * 2]
            if len(self.pcm) > self._max_bytes:
                raise Refused("media-too-long")


def _graph(sample_format: str, layout: str, from_rate: int, to_rate: int) -> Graph:
    graph = Graph()
    graph.threads = 1
    source = graph.add("abuffer", sample_rate=str(from_rate), sample_fmt=sample_format, channel_layout=layout)
    target = graph.add("aformat", sample_rates=str(to_rate), sample_fmts="s16", channel_layouts="mono")
    graph.link_nodes(source, target, graph.add("abuffersink")).configure()
    return graph


def warm() -> None:
    """Load every part of PyAV that a decode could ask for later, when no file can be opened any more."""
    av.logging.set_level(None)
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if not module.name.endswith("__main__") and "datasets" not in module.name:
            importlib.import_module(module.name)
    decode(_TINY_WAV, 16_000, 1.0)
    measure(_TINY_WAV, 1.0)


_TINY_WAV = (
    struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 676, b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16, b"data", 640)
    + bytes(640)
)  # fmt: skip
