"""Tells voices apart by their spectrum and pitch, with what we learnt from synthetic voices; no download, no GPU."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from core_pipeline.contracts.engines import Speaker
from core_pipeline.contracts.specs import Bench, EngineSpec


class SpectralConfig(BaseModel):
    """Nothing to set."""

    model_config = ConfigDict(extra="forbid")


async def _open(config: SpectralConfig, bench: Bench) -> Speaker:  # noqa: ARG001 - nothing to set, no files kept
    from core_pipeline.engines.speaker.spectral.engine import SpectralSpeaker  # noqa: PLC0415 - opened lazily like all

    return await SpectralSpeaker.load()


SPEC: EngineSpec[Speaker] = EngineSpec(
    kind="speaker",
    name="spectral",
    title={"ar": "تمييز الأصوات المدمج (طيف ونبرة)", "en": "Embedded voice comparison (spectrum and pitch)"},
    languages=frozenset({"ar", "en"}),
    config=SpectralConfig,
    unit="second",
    open=_open,
)
