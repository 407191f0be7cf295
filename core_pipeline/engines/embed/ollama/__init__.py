"""Embeddings from an Ollama server: bge-m3 unless set otherwise, which knows Arabic and English."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import Field

from core_pipeline.contracts.engines import Embedder
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.engines.ollama_door import OllamaConfig, pulled, ready
from core_pipeline.engines.titles import Batch, Model


class OllamaEmbedConfig(OllamaConfig):
    """Which model places the texts, and how many at once."""

    model: Model = "bge-m3"
    batch: Batch = Field(default=32, ge=1, le=512)


async def _open(config: OllamaEmbedConfig, bench: Bench) -> Embedder:
    from core_pipeline.engines.embed.ollama.engine import OllamaEmbedder  # noqa: PLC0415 - opened lazily like all

    return OllamaEmbedder(config, bench)


@asynccontextmanager
async def _rehearsal(folder: Path) -> AsyncIterator[OllamaEmbedConfig]:  # noqa: ARG001 - it keeps no files
    from core_pipeline.engines.emulation.ollama import OllamaEmulator  # noqa: PLC0415 - for tests and `simulate` only

    async with OllamaEmulator().served() as address:
        yield OllamaEmbedConfig(host=address)


SPEC: EngineSpec[Embedder] = EngineSpec(
    kind="embed",
    name="ollama",
    title={"ar": "البحث بالمعنى عبر خادمكم (Ollama)", "en": "Search by meaning on your own server (Ollama)"},
    languages=frozenset({"ar", "en"}),
    config=OllamaEmbedConfig,
    unit="character",
    open=_open,
    hosted=True,
    probe=ready,
    pull=pulled,
    rehearsal=_rehearsal,
)
