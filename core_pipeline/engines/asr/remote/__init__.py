"""A recogniser in a process or on a machine of its own, behind our worker protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from core_pipeline.contracts.engines import Asr
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.engines.titles import LANGUAGES_TITLE, Connecting, Patience, PerMinute, Silence, Token, Workers
from core_pipeline.engines.whisper import LANGUAGES


class RemoteAsrConfig(BaseModel):
    """Which workers, all alike, and what they hear; `connect`, `silence` and `timeout` are in seconds."""

    model_config = ConfigDict(extra="forbid")

    urls: Workers = Field(default_factory=list)
    token: Token = SecretStr("")
    languages: Annotated[list[str], LANGUAGES_TITLE] = Field(default=["ar", "en"])
    connect: Connecting = Field(default=3.0, gt=0)
    silence: Silence = Field(default=60.0, gt=0)
    timeout: Patience = Field(default=120.0, gt=0)
    usd_per_minute: PerMinute = Field(default=0.0, ge=0)


async def _open(config: RemoteAsrConfig, bench: Bench) -> Asr:
    from core_pipeline.engines.asr.remote.engine import PooledAsr  # noqa: PLC0415 - opened lazily like all engines

    return PooledAsr(config, bench.http)


async def _probe(config: RemoteAsrConfig, bench: Bench) -> None:
    from core_pipeline.engines.asr.remote.engine import PooledAsr  # noqa: PLC0415 - opened lazily like all engines

    await PooledAsr(config, bench.http).probe()


@asynccontextmanager
async def _rehearsal(folder: Path) -> AsyncIterator[RemoteAsrConfig]:
    from core_pipeline.engines.worker.rehearsal import rehearsing  # noqa: PLC0415 - tests and simulate only

    del folder
    async with rehearsing("asr", "demo") as (url, token):
        yield RemoteAsrConfig(urls=[url], token=token, languages=["ar"])


def _able(config: RemoteAsrConfig) -> frozenset[str]:
    return frozenset(config.languages) & LANGUAGES


def _price(config: RemoteAsrConfig) -> float:
    return config.usd_per_minute * 1_000_000 / 60


SPEC: EngineSpec[Asr] = EngineSpec(
    kind="asr",
    name="remote",
    title={"ar": "متعرّف على خادم آخر", "en": "Recogniser on a machine of its own"},
    languages=LANGUAGES,
    able=_able,
    config=RemoteAsrConfig,
    unit="second",
    open=_open,
    price=_price,
    hosted=True,
    probe=_probe,
    rehearsal=_rehearsal,
)
