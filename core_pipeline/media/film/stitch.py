"""Joins clips and their sound into the one film that a phone plays."""

from __future__ import annotations

import heapq
import io
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.faces import Clip, Shape
from core_pipeline.media.film.aside import GoOn, aside
from core_pipeline.media.film.pictures import Packets, opened, packets, pictures
from core_pipeline.media.film.reel import MOST_BITS, Reel, mp4
from core_pipeline.media.pcm import resample
from errors import Impossible

SAMPLE_RATE = 48_000
SOUND_BITS = 64_000
FRAME = 1_024  # samples in a packet of AAC


async def stitch(clips: Sequence[Clip], sound: Pcm, *, most_bits: int = MOST_BITS) -> bytes:
    """Return all clips one after the other with `sound`, cut or filled up with silence to the pictures' length.

    Pictures are not encoded again, unless an engine's headers differ from the others' (then at `most_bits`). Raises
    `Impossible` "film-empty" without clips, "film-shapes" when their sizes differ, "film-broken" for bad data.
    """
    return await aside(lambda go_on: joined(clips, sound, most_bits, go_on))


def joined(clips: Sequence[Clip], sound: Pcm, most_bits: int, go_on: GoOn) -> bytes:
    """Do what `stitch` promises, on this thread."""
    shape = _shape(clips)
    parts = [_checked(clip) for clip in clips]
    if len({part.headers for part in parts}) > 1:
        reel = Reel(shape, most_bits)
        for clip in clips:
            for picture in pictures(clip.data):
                go_on()
                reel.add(picture)
        clips = (Clip(reel.end(), shape, reel.frames),)
        parts = [_checked(clips[0])]
    go_on()
    return _muxed(clips[0].data, [packet for part in parts for packet in part.packets], sound, shape)


def _shape(clips: Sequence[Clip]) -> Shape:
    if not clips:
        raise Impossible("film-empty", "no clips to join")
    if any(clip.shape != clips[0].shape for clip in clips):
        raise Impossible("film-shapes", "clips of one film must have one size and rate: upscale or draw them alike")
    return clips[0].shape


def _checked(clip: Clip) -> Packets:
    """Return a clip's packets once they are what the clip says: its number of pictures, in order, the first a key."""
    part = packets(clip.data)
    if len(part.packets) != clip.frames or not part.packets[0].is_keyframe:
        raise Impossible("film-broken", f"{len(part.packets)} pictures where {clip.frames} were promised")
    if any(packet.pts != packet.dts for packet in part.packets):
        raise Impossible("film-broken", "pictures are not in the order in which they are shown")
    return part


def _muxed(template: bytes, shown: Sequence[Packet[VideoStream]], sound: Pcm, shape: Shape) -> bytes:
    file = io.BytesIO()
    with opened(template) as (_, source), mp4(file) as container:
        stream = container.add_stream_from_template(source)
        stream.time_base = Fraction(1, shape.fps)
        heard = _sound(container, fitted(sound, Fraction(len(shown), shape.fps)))
        for packet in heapq.merge(_numbered(shown, stream, shape.fps), heard, key=_when):
            container.mux(packet)
    return file.getvalue()


def fitted(sound: Pcm, seconds: Fraction) -> Pcm:
    """Return the sound at `SAMPLE_RATE`, cut or filled up with silence to exactly this length."""
    size = round(seconds * SAMPLE_RATE) * 2
    data = resample(sound, SAMPLE_RATE).data[:size]
    return Pcm(data.ljust(size, b"\0"), SAMPLE_RATE)


def _numbered(shown: Iterable[Packet[VideoStream]], stream: Stream, fps: int) -> Iterator[Packet[Stream]]:
    for number, packet in enumerate(shown):
        packet.stream = stream
        packet.time_base = Fraction(1, fps)
        packet.pts = packet.dts = number
        packet.duration = 1
        yield packet


def _sound(container: OutputContainer, sound: Pcm) -> list[Packet[Stream]]:
    """Encode all the sound at once, which is some 40 ms for ten seconds; the stream is made here."""
    stream = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
    stream.bit_rate = SOUND_BITS
    return [packet for frame in [*_frames(sound), None] for packet in stream.encode(frame)]


def _frames(sound: Pcm) -> Iterator[AudioFrame]:
    for at in range(0, len(sound.data) // 2, FRAME):
        piece = sound.data[at * 2 : (at + FRAME) * 2]
        frame = AudioFrame(format="s16", layout="mono", samples=len(piece) // 2)
        frame.planes[0].update(piece)
        frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), at
        yield frame


def _when(packet: Packet[Stream]) -> Fraction:
    return (packet.dts or 0) * (packet.time_base or Fraction(1))
