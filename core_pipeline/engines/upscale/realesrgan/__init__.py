"""Enlarges with Real-ESRGAN by spandrel: RRDB and compact networks, tile by tile, on a GPU or, slowly, without one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from pydantic import Field

from core_pipeline.contracts.faces import Upscale
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.contracts.titles import titled
from core_pipeline.engines.enlarging.setup import BASE_MEMORY, NetworkConfig, file_of
from core_pipeline.engines.titles import Weights
from core_pipeline.engines.weights.place import installed

REQUIRES = ("spandrel", "torch")
_WIDTH, _SCALE, _KEPT = 64, 4, 3  # of the largest network: channels, enlargement, large maps at one time


class RealEsrganConfig(NetworkConfig):
    """`tile` is the longest side, in pixels, of what goes through the network at once; neighbours share `overlap`."""

    weights: Weights = Field(default="RealESRGAN_x4plus.pth", min_length=1)
    tile: Annotated[int, titled("Longest side of a tile, in pixels", "أطول ضلع للقطعة بالبكسل", rare=True)] = Field(
        default=512, ge=32, le=4096
    )
    overlap: Annotated[int, titled("What tiles share, in pixels", "تداخل القطع بالبكسل", rare=True)] = Field(
        default=32, ge=8, le=256
    )


async def _open(config: RealEsrganConfig, bench: Bench) -> Upscale:
    await _probe(config, bench)
    from core_pipeline.engines.upscale.realesrgan.engine import opened  # noqa: PLC0415 - imports torch

    return await opened(config, file_of(config, bench))


async def _probe(config: RealEsrganConfig, bench: Bench) -> None:
    installed(REQUIRES)
    file_of(config, bench)


def _memory(config: RealEsrganConfig) -> int:
    half = config.dtype in {"fp16", "bf16"} or (config.dtype == "auto" and config.device == "cuda")
    number = 2 if half else 4
    return BASE_MEMORY + config.batch * (config.tile * _SCALE) ** 2 * _WIDTH * _KEPT * number


@asynccontextmanager
async def _rehearsal(folder: Path) -> AsyncIterator[RealEsrganConfig]:
    from core_pipeline.engines.upscale.realesrgan.tiny import write  # noqa: PLC0415 - tests only; imports torch

    write(folder)
    yield RealEsrganConfig(weights=str(folder / "tiny-x4plus.pth"), device="cpu", tile=64, overlap=16)


SPEC: EngineSpec[Upscale] = EngineSpec(
    kind="upscale",
    name="realesrgan",
    title={"ar": "ريل إي إس آر غان على هذا الجهاز", "en": "Real-ESRGAN on this machine"},
    languages=frozenset({"ar", "en"}),
    config=RealEsrganConfig,
    unit="second",
    open=_open,
    requires=REQUIRES,
    heavy=True,
    memory=_memory,
    probe=_probe,
    rehearsal=_rehearsal,
)
