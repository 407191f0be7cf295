"""Embeddings from any server that speaks OpenAI's protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from core_pipeline.contracts.engines import Embedder
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.engines.titles import Address, ApiKey, Batch, Model, Patience, PerMillionLetters


class OpenAiEmbedConfig(BaseModel):
    """Which server and model, how many texts at once; `seconds` is how long one batch may take.

    Servers ask for dollars per token and tell no tokens here: the price is for a million characters.
    """

    model_config = ConfigDict(extra="forbid")

    base_url: Address = "https://api.openai.com/v1"
    api_key: ApiKey = SecretStr("")
    model: Model = "text-embedding-3-small"
    batch: Batch = Field(default=64, ge=1, le=2048)
    seconds: Patience = Field(default=60.0, gt=0)
    usd_per_million_characters: PerMillionLetters = Field(default=0.0, ge=0.0)


async def _open(config: OpenAiEmbedConfig, bench: Bench) -> Embedder:
    from core_pipeline.engines.embed.openai_compatible.engine import OpenAiEmbedder  # noqa: PLC0415 - opened lazily

    return OpenAiEmbedder(config, bench)


async def _probe(config: OpenAiEmbedConfig, bench: Bench) -> None:
    await (await _open(config, bench)).embed(["."])


@asynccontextmanager
async def _rehearsal(folder: Path) -> AsyncIterator[OpenAiEmbedConfig]:  # noqa: ARG001 - it keeps no files
    from core_pipeline.engines.emulation.openai_chat import KEY, OpenAiEmulator  # noqa: PLC0415 - for tests, `simulate`

    emulator = OpenAiEmulator("emulated-embeddings")
    async with emulator.served() as address:
        yield OpenAiEmbedConfig(base_url=address, api_key=SecretStr(KEY), model=emulator.model.name)


SPEC: EngineSpec[Embedder] = EngineSpec(
    kind="embed",
    name="openai_compatible",
    title={
        "ar": "البحث بالمعنى عبر خدمة متوافقة مع OpenAI",
        "en": "Search by meaning with an OpenAI-compatible service",
    },
    languages=frozenset({"ar", "en"}),
    config=OpenAiEmbedConfig,
    unit="character",
    open=_open,
    price=lambda config: config.usd_per_million_characters,
    hosted=True,
    probe=_probe,
    rehearsal=_rehearsal,
)
