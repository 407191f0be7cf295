"""Media made on the fly for the tests: every format a customer may send, and what an enemy may send."""

from __future__ import annotations

import io
import random
from fractions import Fraction
from functools import cache

import av
import numpy as np

from core_pipeline.contracts.channel import VoiceFormat
from core_pipeline.contracts.engines import Pcm
from core_pipeline.media.encode import encode

SECONDS = 2.0
OPUS = VoiceFormat("ogg", "libopus", 48_000, 24_000, "audio/ogg")
FORMATS = {
    "opus-ogg": OPUS,
    "opus-webm": VoiceFormat("webm", "libopus", 48_000, 24_000, "audio/webm"),
    "aac-m4a": VoiceFormat("mp4", "aac", 44_100, 64_000, "audio/mp4"),
    "aac-adts": VoiceFormat("adts", "aac", 44_100, 64_000, "audio/aac"),
    "mp3": VoiceFormat("mp3", "libmp3lame", 44_100, 64_000, "audio/mpeg"),
    "mulaw-wav": VoiceFormat("wav", "pcm_mulaw", 8_000, 64_000, "audio/wav"),
    "alaw-wav": VoiceFormat("wav", "pcm_alaw", 8_000, 64_000, "audio/wav"),
    "pcm-wav": VoiceFormat("wav", "pcm_s16le", 16_000, 256_000, "audio/wav"),
    "flac": VoiceFormat("flac", "flac", 16_000, 64_000, "audio/flac"),
    "amr-nb": VoiceFormat("amr", "libopencore_amrnb", 8_000, 12_200, "audio/amr"),
    "amr-3gp": VoiceFormat("3gp", "libopencore_amrnb", 8_000, 12_200, "audio/3gpp"),
}


def tone(seconds: float = SECONDS, rate: int = 16_000, hertz: float = 440.0, level: float = 0.3) -> Pcm:
    """Return a sine."""
    wave = np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate) * level * 32_767
    return Pcm(wave.astype("<i2").tobytes(), rate)


def pitch(pcm: Pcm) -> float:
    """Return the loudest frequency in Hz."""
    sound = np.frombuffer(pcm.data, "<i2").astype(float)
    return float(np.argmax(np.abs(np.fft.rfft(sound * np.hanning(sound.size)))) / pcm.seconds)


def loudness(pcm: Pcm) -> float:
    """Return the root mean square in 0..1."""
    return float(np.sqrt(np.mean((np.frombuffer(pcm.data, "<i2") / 32_768) ** 2)))


@cache
def sample(name: str) -> bytes:
    """Return the tone in the format of that name."""
    if name == "video-note":
        return video_note()
    if name == "amr-wb":
        return amr_wide(SECONDS)
    return encode(tone(), FORMATS[name])


def amr_wide(seconds: float) -> bytes:
    """Return AMR-WB written by hand, because ffmpeg has no encoder for it.

    After the magic, each 20 ms frame is one header byte (0, four bits of frame type, one quality bit, 00) and the
    speech bits: type 0 is 6.60 kbit/s, 132 bits in 17 bytes. Random bits decode to a hiss.
    """
    rng = random.Random(7)  # noqa: S311 : the same noise in every run is the point
    header = bytes([0 << 3 | 1 << 2])
    return b"#!AMR-WB\n" + b"".join(header + rng.randbytes(17) for _ in range(round(seconds * 50)))


def video_note(seconds: float = SECONDS, *, sound: bool = True) -> bytes:
    """Return a round-video-note-like mp4: H.264 picture and AAC sound, or a silent film."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        picture = container.add_stream("libx264", rate=10, options={"preset": "ultrafast"})
        picture.width = picture.height = 64
        track = container.add_stream("aac", rate=44_100, layout="mono") if sound else None
        for index in range(round(seconds * 10)):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), index * 9 % 256, np.uint8), format="rgb24")
            frame.pts = index
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        if track is not None:
            for heard in _aac_frames(seconds):
                container.mux(track.encode(heard))
    return out.getvalue()


def _aac_frames(seconds: float) -> list[av.AudioFrame | None]:
    frame = av.AudioFrame(format="s16", layout="mono", samples=round(seconds * 44_100))
    frame.planes[0].update(tone(seconds, 44_100).data)
    frame.sample_rate = 44_100
    resampler = av.AudioResampler("fltp", "mono", 44_100, 1_024)
    return [*resampler.resample(frame), *resampler.resample(None), None]


@cache
def long_silence(seconds: int) -> bytes:
    """Return a small opus file that lasts very long: one silent 60 ms packet again and again."""
    out, packet_samples = io.BytesIO(), 2_880
    with av.open(out, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=48_000, layout="mono", options={"frame_duration": "60"})
        silence = av.AudioFrame(format="s16", layout="mono", samples=packet_samples)
        silence.planes[0].update(bytes(packet_samples * 2))
        silence.sample_rate = 48_000
        body = bytes([*stream.encode(silence), *stream.encode(None)][0])
        for index in range(seconds * 48_000 // packet_samples):
            packet = av.Packet(body)
            packet.stream = stream
            packet.pts = packet.dts = index * packet_samples
            packet.duration = packet_samples
            packet.time_base = Fraction(1, 48_000)
            container.mux(packet)
    return out.getvalue()


def mutant(seed: int) -> bytes:
    """Return a valid file broken in one of several ways, always the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311 : the same mutant in every run is the point
    names = [*FORMATS, "amr-wb", "video-note"]
    data = bytearray(sample(names[seed % len(names)]))
    for _ in range(rng.choice((1, 1, 2, 4))):
        data = rng.choice((_flip, _cut, _splice, _bomb, _double))(data, rng)
    return bytes(data)


def _flip(data: bytearray, rng: random.Random) -> bytearray:
    reach = rng.choice((200, len(data) or 1))
    for _ in range(rng.choice((1, 10, 300))):
        if data:
            data[rng.randrange(min(reach, len(data)))] ^= 1 << rng.randrange(8)
    return data


def _cut(data: bytearray, rng: random.Random) -> bytearray:
    start = rng.choice((0, 0, rng.randrange(len(data) + 1)))
    return data[start : start + rng.randrange(len(data) + 1)]


def _splice(data: bytearray, rng: random.Random) -> bytearray:
    other = sample(rng.choice([*FORMATS, "amr-wb", "video-note"]))
    at, piece = rng.randrange(len(data) + 1), rng.randrange(len(other))
    return data[:at] + bytearray(other[piece : piece + rng.randrange(4_000)]) + data[at:]


def _bomb(data: bytearray, rng: random.Random) -> bytearray:
    """Overwrite what may be a length field with a huge or odd number."""
    for _ in range(rng.choice((1, 3, 20))):
        at = rng.randrange(min(600, max(1, len(data))))
        data[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f"))
    return data


def _double(data: bytearray, rng: random.Random) -> bytearray:
    return data * rng.choice((2, 3))
