"""Enlarges by lanczos within this process: no weights, nothing to install, no detail that was not there."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from core_pipeline.contracts.faces import Upscale
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.engines.titles import AtOnce, Quality


class LanczosConfig(BaseModel):
    """`at_once` clips are enlarged together, the others wait; `crf` is the quality, 18 fine, 28 coarse."""

    model_config = ConfigDict(extra="forbid")

    at_once: AtOnce = Field(default=2, ge=1, le=64)
    crf: Quality = Field(default=23, ge=10, le=40)


async def _open(config: LanczosConfig, bench: Bench) -> Upscale:
    del bench
    from core_pipeline.engines.upscale.lanczos.engine import LanczosUpscale  # noqa: PLC0415 - imports av

    return LanczosUpscale(config)


SPEC: EngineSpec[Upscale] = EngineSpec(
    kind="upscale",
    name="lanczos",
    title={"ar": "تكبير لانكزوس، مدمج", "en": "Lanczos, embedded"},
    languages=frozenset({"ar", "en"}),
    config=LanczosConfig,
    unit="second",
    open=_open,
)
