"""What a media file really is, measured by decoding it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class MediaFacts:
    """The measured facts of a file's first audio track.

    `container` is ogg, mp4 (also m4a and 3gp), webm (also mkv), mp3, amr, wav, flac or aac; `codec` is ffmpeg's
    canonical name (opus, aac, mp3, amr_nb, pcm_mulaw); `seconds` counts decoded samples and `bit_rate` (bit/s)
    the track's packets, so neither trusts a header.
    """

    container: str
    codec: str
    channels: int
    sample_rate: int
    seconds: float
    bit_rate: int

    def pack(self) -> bytes:
        """Return the facts as bytes."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def unpack(cls, payload: bytes) -> MediaFacts:
        """Return the facts in `payload`; ValueError, KeyError or TypeError if it is anything else."""
        raw = json.loads(payload)
        return cls(
            container=str(raw["container"]),
            codec=str(raw["codec"]),
            channels=int(raw["channels"]),
            sample_rate=int(raw["sample_rate"]),
            seconds=float(raw["seconds"]),
            bit_rate=int(raw["bit_rate"]),
        )
