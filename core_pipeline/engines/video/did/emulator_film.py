"""What the emulated D-ID makes of a portrait: a film with sound in which it flickers as long as the speech is."""

from __future__ import annotations

import io
from tempfile import TemporaryFile

import av
import numpy as np

from core_pipeline.contracts.engines import Pcm

FPS = 25


def flickering(portrait: bytes, speech: Pcm) -> bytes:
    """Return an MP4 of the portrait's size, cut to even numbers. Raises ValueError for no picture."""
    still = _picture(portrait)
    high, wide = (side // 2 * 2 for side in still.shape[:2])
    with TemporaryFile() as kept:
        with av.open(kept, "w", format="mp4") as box:
            pictures = box.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
            sound = box.add_stream("aac", rate=speech.sample_rate, layout="mono")
            pictures.width, pictures.height, pictures.pix_fmt = wide, high, "yuv420p"
            for number in range(max(1, round(speech.seconds * FPS))):
                lit = (still[:high, :wide] * (0.8 + 0.2 * (number % 2))).astype("uint8")
                box.mux(pictures.encode(av.VideoFrame.from_ndarray(lit, format="rgb24")))
            box.mux(pictures.encode())
            heard = np.frombuffer(speech.data, "<i2").reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(heard, "s16", "mono")
            frame.sample_rate = speech.sample_rate
            box.mux(sound.encode(frame))
            box.mux(sound.encode())
        kept.seek(0)
        return kept.read()


def _picture(portrait: bytes) -> np.ndarray:
    try:
        with av.open(io.BytesIO(portrait), "r") as box:
            return next(box.decode(video=0)).to_ndarray(format="rgb24")
    except (av.error.FFmpegError, StopIteration):
        raise ValueError("no picture") from None
