"""A small scene of a photographed face that tests of video engines share, and what a film really holds."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import av
import numpy as np

from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.faces import Face, Scene, Shape
from core_pipeline.contracts.specs import Progress


@cache
def portrait(side: int = 64) -> bytes:
    """A PNG that only a program takes for a face."""
    encoder = av.VideoCodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = side, side, "rgb24", Fraction(1, 25)
    picture = av.VideoFrame.from_ndarray(np.full((side, side, 3), (200, 160, 130), "uint8"), format="rgb24")
    picture.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(picture), *encoder.encode(None)])


def photo(**files: bytes) -> Face:
    """A photo avatar with this portrait and whatever else is given."""
    return Face("demo", "photo", {"portrait.png": portrait(), **files})


def scene(seconds: float = 1.0, rate: int = 24_000, **fields: Any) -> Scene:
    """A square of 64 pixels in which a photographed face says nothing for this long."""
    plain = Scene(photo(), "square", Shape(64, 64), Pcm(bytes(2 * round(seconds * rate)), rate))
    return replace(plain, **fields)


def data_of(parts: list[Progress | bytes]) -> bytes:
    """The film in what an engine streamed."""
    return b"".join(part for part in parts if isinstance(part, bytes))


def pictures_in(film: bytes) -> list[tuple[int, int]]:
    """The size of every picture of a film, as decoded."""
    with av.open(io.BytesIO(film), "r") as box:
        return [(frame.width, frame.height) for frame in box.decode(video=0)]
