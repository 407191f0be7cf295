"""A voice in a process or on a machine of its own, behind our worker protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from core_pipeline.contracts.engines import Tts
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.contracts.titles import titled
from core_pipeline.engines.titles import LANGUAGES_TITLE, Connecting, LongestText, Patience, Silence, Token, Workers

# What some worker of deploy/workers speaks; a worker's own are set in `languages`.
_LANGUAGES = frozenset(
    {"ar", "da", "de", "el", "en", "es", "fi", "fr", "he", "hi", "id", "it", "ja", "km", "ko", "lo", "ms", "my", "nl"}
    | {"no", "pl", "pt", "ru", "sv", "sw", "th", "tl", "tr", "vi", "zh"}
)


class RemoteTtsConfig(BaseModel):
    """Which workers, all alike, and what they speak.

    `voice` is spoken with when a saying names none, `voices` are the names to choose from (none: whatever the worker
    knows); `clones` says that they speak by example. `connect`, `silence` and `timeout` are in seconds.
    """

    model_config = ConfigDict(extra="forbid")

    urls: Workers = Field(default_factory=list)
    token: Token = SecretStr("")
    languages: Annotated[list[str], LANGUAGES_TITLE] = Field(default=["ar", "en"])
    clones: Annotated[bool, titled("Clones voices", "يستنسخ الأصوات")] = True
    voice: Annotated[str, titled("Voice", "الصوت")] = ""
    voices: Annotated[
        list[str],
        titled(
            "Voices to choose from",
            "الأصوات المتاحة",
            "The names that the service knows, one a line.",
            "الأسماء التي تعرفها الخدمة، اسم في كل سطر.",
        ),
    ] = Field(default_factory=list)
    longest_text: LongestText = Field(default=5000, ge=1)
    connect: Connecting = Field(default=3.0, gt=0)
    silence: Silence = Field(default=60.0, gt=0)
    timeout: Patience = Field(default=300.0, gt=0)
    usd_per_1000_characters: Annotated[
        float, titled("Price of 1,000 letters, in US dollars", "سعر ألف حرف بالدولار الأمريكي", rare=True)
    ] = Field(default=0.0, ge=0)


async def _open(config: RemoteTtsConfig, bench: Bench) -> Tts:
    from core_pipeline.engines.tts.remote.engine import PooledTts  # noqa: PLC0415 - opened lazily like all engines

    return PooledTts(config, bench.http)


async def _probe(config: RemoteTtsConfig, bench: Bench) -> None:
    from core_pipeline.engines.tts.remote.engine import PooledTts  # noqa: PLC0415 - opened lazily like all engines

    await PooledTts(config, bench.http).probe()


@asynccontextmanager
async def _rehearsal(folder: Path) -> AsyncIterator[RemoteTtsConfig]:
    from core_pipeline.engines.worker.rehearsal import rehearsing  # noqa: PLC0415 - tests and simulate only

    del folder
    async with rehearsing("tts", "espeak") as (url, token):
        yield RemoteTtsConfig(urls=[url], token=token, clones=False)


def _able(config: RemoteTtsConfig) -> frozenset[str]:
    return frozenset(config.languages) & _LANGUAGES


def _price(config: RemoteTtsConfig) -> float:
    return config.usd_per_1000_characters * 1_000


SPEC: EngineSpec[Tts] = EngineSpec(
    kind="tts",
    name="remote",
    title={"ar": "صوت على خادم آخر", "en": "Voice on a machine of its own"},
    languages=_LANGUAGES,
    able=_able,
    config=RemoteTtsConfig,
    unit="character",
    open=_open,
    price=_price,
    hosted=True,
    clones=True,
    probe=_probe,
    rehearsal=_rehearsal,
)
