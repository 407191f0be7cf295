"""The embedded voice: espeak-ng in a process of its own, behind our Arabic front end."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from core_pipeline.contracts.engines import Tts
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.contracts.titles import titled
from core_pipeline.engines.titles import LongestText, Patience


class EspeakConfig(BaseModel):
    """How it speaks when a saying doesn't say otherwise; `timeout` is the longest silence of the process in seconds."""

    model_config = ConfigDict(extra="forbid")

    voice: Annotated[str, titled("Voice", "الصوت")] = "ar"
    words_per_minute: Annotated[int, titled("Words per minute", "كلمات في الدقيقة")] = Field(default=150, ge=80, le=450)
    timeout: Patience = Field(default=20.0, gt=0)
    longest_text: LongestText = Field(default=5000, ge=1)


async def _open(config: EspeakConfig, bench: Bench) -> Tts:  # noqa: ARG001 - it keeps no files
    from core_pipeline.engines.tts.espeak.engine import EspeakTts  # noqa: PLC0415 - opened lazily like all engines

    return EspeakTts(config)


SPEC: EngineSpec[Tts] = EngineSpec(
    kind="tts",
    name="espeak",
    title={"ar": "صوت مدمج (إي سبيك)", "en": "Embedded voice (espeak-ng)"},
    languages=frozenset({"ar", "en"}),
    config=EspeakConfig,
    unit="character",
    open=_open,
)
