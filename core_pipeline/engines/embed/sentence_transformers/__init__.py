"""Embeddings in a process of our own, by sentence-transformers: bge-m3 unless set otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from core_pipeline.contracts.engines import Embedder
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.contracts.titles import titled
from core_pipeline.engines.titles import DEVICE_TITLE, Batch, Model

_GIB = 1 << 30


class SentenceTransformersConfig(BaseModel):
    """Which model, from which folder or hub name, on which device; `before` is put before every text.

    `longest` counts tokens; `memory_gib` is what the model takes, for the budget of the machine.
    """

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    model: Model = "BAAI/bge-m3"
    device: Annotated[Literal["auto", "cpu", "cuda"], DEVICE_TITLE] = "auto"
    half: Annotated[bool, titled("Half precision", "نصف الدقة", rare=True)] = False
    longest: Annotated[int, titled("Longest text, in tokens", "أطول نص (بالرموز)", rare=True)] = Field(
        default=512, ge=8, le=8192
    )
    batch: Batch = Field(default=16, ge=1, le=512)
    before: Annotated[str, titled("Words before every text", "كلمات قبل كل نص", rare=True)] = ""
    memory_gib: Annotated[float, titled("Memory it takes, in GiB", "الذاكرة التي يشغلها (GiB)", rare=True)] = Field(
        default=3.0, gt=0
    )


async def _open(config: SentenceTransformersConfig, bench: Bench) -> Embedder:
    from core_pipeline.engines.embed.sentence_transformers.engine import opened  # noqa: PLC0415 - imports torch

    return await opened(config, bench)


async def _probe(config: SentenceTransformersConfig, bench: Bench) -> None:
    from core_pipeline.engines.embed.sentence_transformers.weights import folder_of  # noqa: PLC0415 - opened lazily

    folder_of(config, bench)


@asynccontextmanager
async def _rehearsal(folder: Path) -> AsyncIterator[SentenceTransformersConfig]:
    from core_pipeline.engines.embed.sentence_transformers.tiny import write  # noqa: PLC0415 - for tests, `simulate`

    write(folder / "tiny-model")
    yield SentenceTransformersConfig(model=str(folder / "tiny-model"), device="cpu", longest=64, memory_gib=0.5)


SPEC: EngineSpec[Embedder] = EngineSpec(
    kind="embed",
    name="sentence_transformers",
    title={"ar": "البحث بالمعنى على هذا الجهاز", "en": "Search by meaning on this machine"},
    languages=frozenset({"ar", "en"}),
    config=SentenceTransformersConfig,
    unit="character",
    open=_open,
    requires=("sentence_transformers",),
    heavy=True,
    memory=lambda config: int(config.memory_gib * _GIB),
    probe=_probe,
    rehearsal=_rehearsal,
)
