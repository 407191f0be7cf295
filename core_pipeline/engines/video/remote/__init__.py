"""A talking face in a process or on a machine of its own, behind our worker protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from core_pipeline.contracts.faces import Video
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.engines.titles import (
    Connecting,
    LongestFilm,
    MostBytes,
    Patience,
    PerSecond,
    Silence,
    Token,
    Workers,
)
from core_pipeline.engines.whisper import LANGUAGES


class RemoteVideoConfig(BaseModel):
    """Which workers, all alike, and how much of their films is taken (`most_bytes`).

    `connect`, `silence` and `timeout` are in seconds; a worker that draws before it sends must tell how far it is
    at least every `silence`.
    """

    model_config = ConfigDict(extra="forbid")

    urls: Workers = Field(default_factory=list)
    token: Token = SecretStr("")
    longest: LongestFilm = Field(default=60.0, gt=0)
    most_bytes: MostBytes = Field(default=64 << 20, ge=1)
    connect: Connecting = Field(default=3.0, gt=0)
    silence: Silence = Field(default=120.0, gt=0)
    timeout: Patience = Field(default=270.0, gt=0)
    usd_per_second: PerSecond = Field(default=0.0, ge=0)


async def _open(config: RemoteVideoConfig, bench: Bench) -> Video:
    from core_pipeline.engines.video.remote.engine import PooledVideo  # noqa: PLC0415 - opened lazily like all engines

    return PooledVideo(config, bench.http)


async def _probe(config: RemoteVideoConfig, bench: Bench) -> None:
    from core_pipeline.engines.video.remote.engine import PooledVideo  # noqa: PLC0415 - opened lazily like all engines

    await PooledVideo(config, bench.http).probe()


@asynccontextmanager
async def _rehearsal(folder: Path) -> AsyncIterator[RemoteVideoConfig]:
    from core_pipeline.engines.worker.rehearsal import rehearsing  # noqa: PLC0415 - tests and simulate only

    del folder
    async with rehearsing("video", "photo") as (url, token):
        yield RemoteVideoConfig(urls=[url], token=token)


def _price(config: RemoteVideoConfig) -> float:
    return config.usd_per_second * 1_000_000


SPEC: EngineSpec[Video] = EngineSpec(
    kind="video",
    name="remote",
    title={"ar": "وجه متكلم على خادم آخر", "en": "Talking face on a machine of its own"},
    languages=LANGUAGES,
    config=RemoteVideoConfig,
    unit="second",
    open=_open,
    price=_price,
    hosted=True,
    faces=frozenset({"photo"}),
    probe=_probe,
    rehearsal=_rehearsal,
)
