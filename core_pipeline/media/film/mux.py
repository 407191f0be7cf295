"""Puts packets together in one MP4 file without touching them: the pictures of a film and its sound."""

from __future__ import annotations

import heapq
import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from core_pipeline.contracts.engines import Pcm
from core_pipeline.media.film.pictures import file_of, film_of
from core_pipeline.media.film.reel import mp4
from core_pipeline.media.pcm import resample

SAMPLE_RATE = 48_000
SOUND_BITS = 64_000
FRAME = 1_024  # samples in a packet of AAC


@dataclass(frozen=True)
class Packets:
    """A clip's pictures still encoded, in order, and the headers (SPS and PPS) that they need."""

    headers: bytes
    packets: tuple[Packet[VideoStream], ...]


def packets(data: bytes) -> Packets:
    """Return a film's pictures still encoded. Raises `Impossible` "film-broken"."""
    with film_of(data) as (container, stream):
        found = tuple(packet for packet in container.demux(stream) if packet.size)
        return Packets(bytes(stream.codec_context.extradata or b""), found)


def aac(sound: Pcm, seconds: Fraction) -> bytes:
    """Return the sound as AAC in an MP4 file, cut or filled up with silence to exactly this length."""
    size = round(seconds * SAMPLE_RATE) * 2
    data = resample(sound, SAMPLE_RATE).data[:size].ljust(size, b"\0")
    file = io.BytesIO()
    with mp4(file) as container:
        stream = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        stream.bit_rate = SOUND_BITS
        for frame in [*_frames(data), None]:
            container.mux(stream.encode(frame))
    return file.getvalue()


def muxed(template: bytes, shown: Sequence[Packet[VideoStream]], fps: int, heard: bytes) -> bytes:
    """Return a film of these pictures, a frame each from zero, with the headers of `template` and the sound of `heard`.

    A file `heard` without sound makes a silent film. Raises `Impossible` "film-broken".
    """
    file = io.BytesIO()
    with ExitStack() as files:
        _, source = files.enter_context(film_of(template))
        sound = files.enter_context(file_of(heard))
        container = files.enter_context(mp4(file))
        stream = container.add_stream_from_template(source)
        stream.time_base = Fraction(1, fps)
        pictures = _numbered(shown, stream, fps)
        sounds = [_copied(container, sound, track) for track in sound.streams.audio[:1]]
        merged: Iterator[Packet[Any]] = heapq.merge(pictures, *sounds, key=_when)
        for packet in merged:
            container.mux(packet)
    return file.getvalue()


def _numbered(shown: Sequence[Packet[VideoStream]], stream: VideoStream, fps: int) -> Iterator[Packet[VideoStream]]:
    for number, packet in enumerate(shown):
        packet.stream = stream
        packet.time_base = Fraction(1, fps)
        packet.pts = packet.dts = number
        packet.duration = 1
        yield packet


def _copied(container: OutputContainer, source: InputContainer, track: AudioStream) -> Iterator[Packet[AudioStream]]:
    """Make the track now and return its packets: the encoder's run-in, before zero, becomes an edit list again."""
    stream = container.add_stream_from_template(track)

    def copies() -> Iterator[Packet[AudioStream]]:
        for packet in source.demux(track):
            if packet.size:
                packet.stream = stream
                yield packet

    return copies()


def _frames(data: bytes) -> Iterator[AudioFrame]:
    for at in range(0, len(data) // 2, FRAME):
        piece = data[at * 2 : (at + FRAME) * 2]
        frame = AudioFrame(format="s16", layout="mono", samples=len(piece) // 2)
        frame.planes[0].update(piece)
        frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), at
        yield frame


def _when(packet: Packet[VideoStream] | Packet[AudioStream]) -> Fraction:
    return (packet.dts or 0) * (packet.time_base or Fraction(1))
