"""Answers word for word from the business's own questions and answers; says so when it doesn't know."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from core_pipeline.contracts.engines import Llm
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.contracts.titles import titled
from core_pipeline.engines.titles import Sureness


class KnowledgeConfig(BaseModel):
    """How sure the search must be before its passage is given as the answer."""

    model_config = ConfigDict(extra="forbid")

    threshold: Sureness = Field(default=0.5, ge=0.0, le=1.0)
    greet_back: Annotated[bool, titled("Return greetings", "يرد التحية")] = True


async def _open(config: KnowledgeConfig, bench: Bench) -> Llm:  # noqa: ARG001 - it keeps no files
    from core_pipeline.engines.llm.knowledge.engine import KnowledgeLlm  # noqa: PLC0415 - opened lazily like all engines

    return KnowledgeLlm(config)


SPEC: EngineSpec[Llm] = EngineSpec(
    kind="llm",
    name="knowledge",
    title={"ar": "أجوبتكم كما كتبتموها", "en": "Your own answers, word for word"},
    languages=frozenset({"ar", "en"}),
    config=KnowledgeConfig,
    unit="answer",
    open=_open,
)
