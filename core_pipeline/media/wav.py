"""Packs sound as vendors want it sent."""

from __future__ import annotations

import io
import wave

from core_pipeline.contracts.engines import Pcm


def wav(pcm: Pcm) -> bytes:
    """Return a WAV file of the same samples."""
    packed = io.BytesIO()
    with wave.open(packed, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(pcm.sample_rate)
        file.writeframes(pcm.data)
    return packed.getvalue()


def unpacked(file: bytes) -> Pcm:
    """Return the samples of a mono 16-bit WAV file. Raises ValueError for anything else."""
    try:
        with wave.open(io.BytesIO(file)) as read:
            if (read.getnchannels(), read.getsampwidth()) != (1, 2):
                raise ValueError("neither mono nor 16 bits")
            return Pcm(read.readframes(read.getnframes()), read.getframerate())
    except (wave.Error, EOFError) as error:
        raise ValueError("no WAV file") from error
