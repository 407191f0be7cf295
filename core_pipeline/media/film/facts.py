"""What a finished film really is, read from its packets: what networks ask for, and what tests and emulators check."""

from __future__ import annotations

from dataclasses import dataclass

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from core_pipeline.media.film.pictures import file_of
from errors import Impossible


@dataclass(frozen=True)
class FilmFacts:
    """The facts of an MP4 file. Times in seconds, sizes in pixels or bytes; of sound there may be none.

    `codec`, `profile` and `audio` are ffmpeg's names (h264, Main, aac); `pix_fmt` also tells the range of colours
    (yuvj420p: full). `faststart` is true when the index stands before the data. `seconds` is the pictures' length and
    `audio_seconds` the sound's, both without what the file says is not to be played.
    """

    codec: str
    profile: str
    has_b_frames: bool
    pix_fmt: str
    width: int
    height: int
    fps: float
    frames: int
    seconds: float
    audio: str | None
    audio_tracks: int
    audio_rate: int
    audio_channels: int
    audio_seconds: float
    faststart: bool
    bytes: int

    @property
    def phones(self) -> bool:
        """Whether every phone plays it: H.264 without B-frames, 4:2:0, at most one track of AAC, a fast start."""
        pictures = (self.codec, self.pix_fmt, self.has_b_frames) == ("h264", "yuv420p", False)
        sound = self.audio in {None, "aac"} and self.audio_tracks <= 1
        return pictures and sound and self.faststart and self.profile in {"Main", "Baseline", "Constrained Baseline"}


def facts(data: bytes) -> FilmFacts:
    """Return the facts of an MP4 file of ours. Raises `Impossible` "film-broken" when it is none."""
    with file_of(data) as container:
        return _facts(container, data)


def _facts(container: InputContainer, data: bytes) -> FilmFacts:
    if not container.streams.video:
        raise Impossible("film-broken", "no pictures")
    stream, sounds = container.streams.video[0], container.streams.audio
    packets = _packets(container)
    shown = packets[stream.index]
    context, seconds = stream.codec_context, _length(stream, shown)
    sound = sounds[0] if sounds else None
    return FilmFacts(
        codec=context.codec.canonical_name,
        profile=str(context.profile),
        has_b_frames=context.has_b_frames or any(packet.pts != packet.dts for packet in shown),
        pix_fmt=str(context.pix_fmt),
        width=context.width,
        height=context.height,
        fps=round(len(shown) / seconds, 3) if seconds else 0.0,
        frames=len(shown),
        seconds=seconds,
        audio=sound.codec_context.codec.canonical_name if sound else None,
        audio_tracks=len(sounds),
        audio_rate=sound.codec_context.sample_rate if sound else 0,
        audio_channels=sound.codec_context.channels if sound else 0,
        audio_seconds=_length(sound, packets[sound.index]) if sound else 0.0,
        faststart=_faststart(data),
        bytes=len(data),
    )


def _packets(container: InputContainer) -> dict[int, list[Packet[Stream]]]:
    found: dict[int, list[Packet[Stream]]] = {stream.index: [] for stream in container.streams}
    for packet in container.demux():
        if packet.size:
            found[packet.stream.index].append(packet)
    return found


def _length(stream: VideoStream | AudioStream, packets: list[Packet[Stream]]) -> float:
    """Return the seconds from zero to the end of the last packet: what lies before zero is not played."""
    if not packets or stream.time_base is None:
        return 0.0
    end = max((packet.pts or 0) + (packet.duration or 0) for packet in packets)
    return float(end * stream.time_base)


def _faststart(data: bytes) -> bool:
    """Return whether the box "moov" comes before "mdat" (ISO/IEC 14496-12: length, name, content)."""
    at = 0
    while at + 8 <= len(data):
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if name in {b"moov", b"mdat"}:
            return name == b"moov"
        if length < 8:
            return False
        at += length
    return False
