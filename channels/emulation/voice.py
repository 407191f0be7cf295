"""Whether a file is a voice note that both networks show as one."""

from __future__ import annotations

import io
from dataclasses import dataclass

import av


@dataclass(frozen=True)
class VoiceCheck:
    """Length in seconds as decoded, and what is wrong with the file."""

    seconds: float
    faults: tuple[str, ...]


def examine(data: bytes) -> VoiceCheck:
    """Decode the whole file and check container, codec, channels and length."""
    try:
        with av.open(io.BytesIO(data), "r") as box:
            return _decoded(box)
    except (av.error.FFmpegError, ValueError):
        return VoiceCheck(0.0, ("the file cannot be decoded",))


def _decoded(box: av.container.InputContainer) -> VoiceCheck:
    if not box.streams.audio:
        return VoiceCheck(0.0, ("the file has no audio",))
    stream = box.streams.audio[0]
    seconds = sum(frame.samples / frame.sample_rate for frame in box.decode(stream))
    checks = {
        f"container is {box.format.name}, not ogg": box.format.name == "ogg",
        f"codec is {stream.codec_context.name}, not opus": stream.codec_context.name in {"opus", "libopus"},
        f"{stream.channels} channels, not 1": stream.channels == 1,
        "the file is silent for no time at all": seconds > 0,
    }
    return VoiceCheck(seconds, tuple(fault for fault, fine in checks.items() if not fine))
