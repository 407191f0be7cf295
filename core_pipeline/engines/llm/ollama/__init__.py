"""A language model on an Ollama server, Qwen 2.5 unless set otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import Field

from core_pipeline.contracts.engines import Llm
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.engines.ollama_door import OllamaConfig, pulled, ready
from core_pipeline.engines.titles import Context, Model, Temperature, Thinking


class OllamaLlmConfig(OllamaConfig):
    """Which model answers and how freely; `num_ctx` is its context in tokens, which takes memory with its length.

    `thinking` is how many tokens it may think before it answers, for a model that does.
    """

    model: Model = "qwen2.5:14b"
    num_ctx: Context = Field(default=8192, ge=2048)
    temperature: Temperature = Field(default=0.2, ge=0.0, le=2.0)
    thinking: Thinking = Field(default=0, ge=0)


async def _open(config: OllamaLlmConfig, bench: Bench) -> Llm:
    from core_pipeline.engines.llm.ollama.engine import OllamaLlm  # noqa: PLC0415 - opened lazily like all engines

    return OllamaLlm(config, bench)


@asynccontextmanager
async def _rehearsal(folder: Path) -> AsyncIterator[OllamaLlmConfig]:  # noqa: ARG001 - it keeps no files
    from core_pipeline.engines.emulation.ollama import OllamaEmulator  # noqa: PLC0415 - for tests and `simulate` only

    async with OllamaEmulator("qwen2.5:14b").served() as address:
        yield OllamaLlmConfig(host=address)


SPEC: EngineSpec[Llm] = EngineSpec(
    kind="llm",
    name="ollama",
    title={"ar": "نموذج لغوي على خادمكم (Ollama)", "en": "A language model on your own server (Ollama)"},
    languages=frozenset({"ar", "en"}),
    config=OllamaLlmConfig,
    unit="token",
    generates=True,
    open=_open,
    hosted=True,
    probe=ready,
    pull=pulled,
    rehearsal=_rehearsal,
)
