"""Encodes our own sound the way a channel wants it; our own sound is trusted, so this needs no sandbox."""

from __future__ import annotations

import asyncio
import io
from fractions import Fraction

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from core_pipeline.contracts.channel import VoiceFormat
from core_pipeline.contracts.engines import Pcm
from core_pipeline.media.pcm import finish
from errors import Impossible

# voip: tuned for speech; 20 ms frames are what phones record themselves.
CODEC_OPTIONS = {"libopus": {"application": "voip", "frame_duration": "20", "vbr": "on"}}


async def encode_voice(pcm: Pcm, fmt: VoiceFormat) -> bytes:
    """Return the sound as a mono voice note in `fmt`, peak and margins set by `finish`.

    Raises `Impossible` "media-silent" when there is no sample to encode.
    """
    if not pcm.data:
        raise Impossible("media-silent", "nothing to encode")
    return await asyncio.to_thread(lambda: encode(finish(pcm), fmt))


def encode(pcm: Pcm, fmt: VoiceFormat) -> bytes:
    """Return exactly this sound in `fmt`; blocks for a few milliseconds per second of sound."""
    out = io.BytesIO()
    with av.open(out, "w", format=fmt.container) as container:
        options = CODEC_OPTIONS.get(fmt.codec, {})
        stream = container.add_stream(fmt.codec, rate=fmt.sample_rate, layout="mono", options=options)
        assert isinstance(stream, AudioStream)  # noqa: S101 : narrows the type; channels name audio codecs only
        stream.bit_rate = fmt.bit_rate
        context = stream.codec_context
        context.open()
        resampler = AudioResampler(context.format, "mono", fmt.sample_rate, context.frame_size)
        for ready in [*resampler.resample(_frame(pcm)), *resampler.resample(None), None]:
            container.mux(stream.encode(ready))
    return out.getvalue()


def _frame(pcm: Pcm) -> AudioFrame:
    frame = AudioFrame(format="s16", layout="mono", samples=len(pcm.data) // 2)
    frame.planes[0].update(pcm.data)
    frame.sample_rate = pcm.sample_rate
    frame.time_base = Fraction(1, pcm.sample_rate)
    frame.pts = 0
    return frame
