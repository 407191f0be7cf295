"""The recording of a call as a file: both sides in stereo, small enough to be kept."""

from __future__ import annotations

import io
from fractions import Fraction

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from core_pipeline.media.encode import CODEC_OPTIONS

RATE = 48_000
BIT_RATE = 32_000
_BYTES = 4  # of one moment: two sides of 16 bits


def taped(stereo: bytes, sample_rate: int) -> bytes:
    """Return interleaved 16-bit stereo as Opus in Ogg; blocks for a few milliseconds per second of sound."""
    out = io.BytesIO()
    with av.open(out, "w", format="ogg") as container:
        options = CODEC_OPTIONS["libopus"]
        stream = container.add_stream("libopus", rate=RATE, layout="stereo", options=options)
        assert isinstance(stream, AudioStream)  # noqa: S101 : narrows the type; libopus is an audio codec
        stream.bit_rate = BIT_RATE
        context = stream.codec_context
        context.open()
        resampler = AudioResampler(context.format, "stereo", RATE, context.frame_size)
        second = sample_rate * _BYTES
        for at in range(0, len(stereo), second):
            for ready in resampler.resample(_frame(stereo[at : at + second], sample_rate, at // _BYTES)):
                container.mux(stream.encode(ready))
        for last in [*resampler.resample(None), None]:
            container.mux(stream.encode(last))
    return out.getvalue()


def _frame(data: bytes, sample_rate: int, at: int) -> AudioFrame:
    frame = AudioFrame(format="s16", layout="stereo", samples=len(data) // _BYTES)
    frame.planes[0].update(data)
    frame.sample_rate = sample_rate
    frame.time_base = Fraction(1, sample_rate)
    frame.pts = at
    return frame
