"""Real-ESRGAN as an engine: its network tiled and batched in the middle of a flow from decoder to encoder."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import torch

from core_pipeline.contracts.faces import Clip, Shape
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.enlarging.architectures import opened as network_in
from core_pipeline.engines.enlarging.architectures import spandrel
from core_pipeline.engines.enlarging.flow import Work, flow
from core_pipeline.engines.enlarging.network import Network, setup_for
from core_pipeline.engines.enlarging.reading import check
from core_pipeline.engines.enlarging.running import streamed
from core_pipeline.engines.enlarging.tiles import Tiled
from core_pipeline.engines.upscale.realesrgan import RealEsrganConfig
from errors import NeedsOwner

ARCHITECTURES = ("ESRGAN", "Compact")


async def opened(config: RealEsrganConfig, file: Path) -> RealEsrganUpscale:
    """Load the weights in `file`. Raises NeedsOwner when they, or the device, can't be used."""
    return await asyncio.to_thread(load, config, file)


def load(config: RealEsrganConfig, file: Path) -> RealEsrganUpscale:
    """Do the same, blocking."""
    known = spandrel().MAIN_REGISTRY
    found = network_in(file, [known[name] for name in ARCHITECTURES])
    setup = setup_for(config, found)
    tiled = Tiled(
        Network(found.model, setup),
        found.scale,
        most=config.tile,
        overlap=config.overlap,
        batch=config.batch,
        multiple=found.size_requirements.multiple_of,
    )
    return RealEsrganUpscale(tiled, config, setup.device)


class RealEsrganUpscale:
    """Enlarges as often as its network does, and from there to the shape by lanczos; one clip after the other."""

    def __init__(self, tiled: Tiled, config: RealEsrganConfig, device: torch.device) -> None:
        self._tiled: Tiled | None = tiled
        self._config, self._device = config, device
        self._place = asyncio.Lock()

    async def upscale(self, clip: Clip, shape: Shape) -> AsyncGenerator[Progress | bytes, None]:
        """Stream the enlarged clip's data after its progress; leaving the stream stops within a batch of tiles.

        Raises `Impossible` for a shape that is not the clip's enlarged, and a clip that isn't what it says it is;
        NeedsOwner when the GPU's memory doesn't do.
        """
        check(clip, shape)
        async with self._place:
            if self._tiled is None:
                raise NeedsOwner("closed", "this engine was closed: open it again")
            together = self._tiled.together(clip.shape.height, clip.shape.width)
            work = Work(clip, shape, together, self._config.crf, self._device)
            async with aclosing(streamed(flow(work, self._tiled))) as parts:
                async for part in parts:
                    yield part

    async def close(self) -> None:
        """Give the memory back."""
        self._tiled = None
        gc.collect()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
