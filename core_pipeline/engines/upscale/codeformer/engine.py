"""CodeFormer as an engine: faces in batches, in the middle of a flow from decoder to encoder."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core_pipeline.contracts.faces import Clip, Shape
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.enlarging.architectures import opened as network_in
from core_pipeline.engines.enlarging.flow import Work, flow
from core_pipeline.engines.enlarging.network import Network, setup_for
from core_pipeline.engines.enlarging.reading import check
from core_pipeline.engines.enlarging.running import streamed
from core_pipeline.engines.upscale.codeformer import CodeFormerConfig
from core_pipeline.engines.upscale.codeformer.package import architecture
from core_pipeline.engines.upscale.codeformer.restoring import Restoring
from errors import NeedsOwner


async def opened(config: CodeFormerConfig, file: Path) -> CodeFormerUpscale:
    """Load the weights in `file`. Raises NeedsOwner when they, or the device, can't be used."""
    return await asyncio.to_thread(load, config, file)


def load(config: CodeFormerConfig, file: Path) -> CodeFormerUpscale:
    """Do the same, blocking."""
    found = network_in(file, [architecture()])
    setup = setup_for(config, found)
    call = asking(config.fidelity, setup.device, setup.dtype)
    # Some of its steps insist on fp32, so it is torch that chooses for each step, and the weights stay as they are.
    return CodeFormerUpscale(Network(found.model, replace(setup, dtype=torch.float32), call), config, setup.device)


def asking(fidelity: float, device: torch.device, dtype: torch.dtype) -> Callable[[Any, Tensor], Tensor]:
    """Return how the network is asked: it knows colours in -1..1, and answers more than a picture."""

    def call(module: Any, faces: Tensor) -> Tensor:
        with torch.autocast(device.type, dtype, enabled=dtype is not torch.float32):
            drawn: Tensor = module(faces * 2 - 1, weight=fidelity)[0]
        return drawn.float() / 2 + 0.5

    return call


class CodeFormerUpscale:
    """Enlarges by lanczos and draws the face anew within; one clip after the other."""

    def __init__(self, network: Callable[[Tensor], Tensor], config: CodeFormerConfig, device: torch.device) -> None:
        self._network: Callable[[Tensor], Tensor] | None = network
        self._config, self._device = config, device
        self._place = asyncio.Lock()

    async def upscale(self, clip: Clip, shape: Shape) -> AsyncGenerator[Progress | bytes, None]:
        """Stream the enlarged clip's data after its progress; leaving the stream stops within a batch of faces.

        Raises `Impossible` for a shape that is not the clip's enlarged, and a clip that isn't what it says it is;
        NeedsOwner when the GPU's memory doesn't do.
        """
        check(clip, shape)
        async with self._place:
            if self._network is None:
                raise NeedsOwner("closed", "this engine was closed: open it again")
            given, wanted = (clip.shape.height, clip.shape.width), (shape.height, shape.width)
            restoring = Restoring(self._network, given, wanted, self._device)
            work = Work(clip, shape, self._config.batch, self._config.crf, self._device)
            async with aclosing(streamed(flow(work, restoring))) as parts:
                async for part in parts:
                    yield part

    async def close(self) -> None:
        """Give the memory back."""
        self._network = None
        gc.collect()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
