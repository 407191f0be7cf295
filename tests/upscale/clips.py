"""Clips to enlarge, and what is in those that were."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from core_pipeline.contracts.faces import Clip, Shape
from core_pipeline.contracts.specs import Progress
from core_pipeline.media.film.reel import Reel

Pictures = NDArray[np.uint8]


def drawn(width: int, height: int, number: int, hue: int = 0) -> Pictures:
    """A picture with shades, waves and an edge, another one for each number; RGBA."""
    rows, columns = np.mgrid[0:height, 0:width]
    picture = np.full((height, width, 4), 255, np.uint8)
    picture[..., hue] = 40 + 170 * columns // width
    picture[..., (hue + 1) % 3] = 60 + 120 * rows // height
    picture[..., (hue + 2) % 3] = 128 + 70 * np.sin((columns + rows + 3 * number) / 14)
    edge = width // 4 + 2 * number
    picture[height // 3 : height // 2, edge : edge + width // 8, :3] = 220
    return picture


def clip(width: int = 96, height: int = 64, frames: int = 5, hue: int = 0, fps: int = 25) -> Clip:
    """Moving pictures."""
    shape = Shape(width, height, fps)
    reel = Reel(shape, crf=12)
    for number in range(frames):
        reel.add(drawn(width, height, number, hue).tobytes())
    return Clip(reel.end(), shape, frames)


@dataclass(frozen=True)
class Made:
    """What an engine streamed."""

    data: bytes
    told: list[Progress]

    @property
    def pictures(self) -> Pictures:
        """All pictures as (frames, height, width, 3)."""
        with av.open(io.BytesIO(self.data), "r") as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        return np.array(frames, np.uint8)


async def made(engine: Any, given: Clip, shape: Shape) -> Made:
    """Enlarge the clip."""
    data, told = bytearray(), []
    async for part in engine.upscale(given, shape):
        if isinstance(part, Progress):
            assert not data, "progress comes before the file"
            told.append(part)
        else:
            data += part
    return Made(bytes(data), told)


def pictures_of(given: Clip) -> Pictures:
    """What the clip shows."""
    return Made(given.data, []).pictures


def error(one: Pictures, other: Pictures) -> float:
    """How many levels of 256 two films differ by, on average."""
    return float(np.abs(one.astype(float) - other).mean())
