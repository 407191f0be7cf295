"""A small Arabic recogniser for the demo restaurant, trained by us on synthetic speech; it needs no GPU."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from core_pipeline.contracts.engines import Asr
from core_pipeline.contracts.specs import Bench, EngineSpec


class DemoConfig(BaseModel):
    """Nothing to set."""

    model_config = ConfigDict(extra="forbid")


async def _open(config: DemoConfig, bench: Bench) -> Asr:  # noqa: ARG001 - nothing to set, no files kept
    from core_pipeline.engines.asr.demo.engine import DemoAsr  # noqa: PLC0415 - loads onnxruntime

    return await DemoAsr.load()


SPEC: EngineSpec[Asr] = EngineSpec(
    kind="asr",
    name="demo",
    title={"ar": "متعرّف التجربة (مفردات مطعم فقط)", "en": "Demo recogniser (a restaurant's words only)"},
    languages=frozenset({"ar"}),
    config=DemoConfig,
    unit="second",
    open=_open,
)
