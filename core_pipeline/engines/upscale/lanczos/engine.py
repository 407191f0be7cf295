"""Decodes, enlarges and encodes a clip in one pass, in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing

from core_pipeline.contracts.faces import Clip, Shape
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.enlarging.reading import Fitting, bits_for, check, pictures
from core_pipeline.engines.enlarging.running import Step, cut, streamed, told
from core_pipeline.engines.upscale.lanczos import LanczosConfig
from core_pipeline.media.film.reel import Reel


class LanczosUpscale:
    """Enlarges with swscale; decoding, scaling and encoding leave the interpreter to the others while they work."""

    def __init__(self, config: LanczosConfig) -> None:
        self._config = config
        self._places = asyncio.Semaphore(config.at_once)

    async def upscale(self, clip: Clip, shape: Shape) -> AsyncGenerator[Progress | bytes, None]:
        """Stream the enlarged clip's data after its progress; leaving the stream stops within a picture.

        Raises `Impossible` for a shape that is not the clip's enlarged, and a clip that isn't what it says it is.
        """
        check(clip, shape)
        async with self._places, aclosing(streamed(_made(clip, shape, self._config.crf))) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        """Nothing is held."""


def _made(clip: Clip, shape: Shape, crf: float) -> Generator[Step, None, None]:
    reel, fitting = Reel(shape, bits_for(clip, shape), crf=crf), Fitting(shape.width, shape.height)
    for picture in pictures(clip):
        reel.add(fitting(picture))
        yield told(reel.frames, clip.frames)
    yield from cut(reel.end())
