"""Hears through any server that speaks OpenAI's `audio/transcriptions`: OpenAI, Groq, vLLM, speaches, LocalAI."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from core_pipeline.contracts.engines import Asr
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.contracts.titles import titled
from core_pipeline.engines.titles import LANGUAGE_TITLE, Address, ApiKey, Model, Patience, PerMinute
from core_pipeline.engines.whisper import LANGUAGES


class OpenAiAsrConfig(BaseModel):
    """Which server and model.

    `language` is assumed where none was asked for and the server names none. `timeout` is in seconds.
    `longest_seconds` of speech are sent at most: OpenAI takes 25 MB, which is 13 minutes at 16 kHz.
    """

    model_config = ConfigDict(extra="forbid")

    base_url: Address = Field(default="https://api.openai.com/v1", pattern=r"^https?://[^\s]+$")
    api_key: ApiKey = SecretStr("")
    model: Model = "whisper-1"
    language: Annotated[str, LANGUAGE_TITLE] = Field(default="ar", pattern="^[a-z]{2}$")
    usd_per_minute: PerMinute = Field(default=0.006, ge=0)
    timeout: Patience = Field(default=60.0, gt=0)
    longest_seconds: Annotated[float, titled("Longest recording, in seconds", "أطول تسجيل بالثواني", rare=True)] = (
        Field(default=780.0, gt=0)
    )


async def _open(config: OpenAiAsrConfig, bench: Bench) -> Asr:
    from core_pipeline.engines.asr.openai_compatible.engine import OpenAiAsr  # noqa: PLC0415 - loads numpy

    return OpenAiAsr(config, bench.http)


async def _probe(config: OpenAiAsrConfig, bench: Bench) -> None:
    from core_pipeline.engines.asr.openai_compatible.engine import OpenAiAsr  # noqa: PLC0415 - loads numpy

    await OpenAiAsr(config, bench.http).probe()


@asynccontextmanager
async def _rehearsal(folder: Path) -> AsyncIterator[OpenAiAsrConfig]:
    from core_pipeline.engines.asr.openai_compatible.emulator import EmulatedTranscriptions  # noqa: PLC0415 - tests only

    del folder
    async with EmulatedTranscriptions().serving() as config:
        yield config


def _price(config: OpenAiAsrConfig) -> float:
    return config.usd_per_minute * 1_000_000 / 60


SPEC: EngineSpec[Asr] = EngineSpec(
    kind="asr",
    name="openai_compatible",
    title={"ar": "متعرّف متوافق مع OpenAI", "en": "OpenAI-compatible recogniser"},
    languages=LANGUAGES,
    config=OpenAiAsrConfig,
    unit="second",
    open=_open,
    price=_price,
    hosted=True,
    probe=_probe,
    rehearsal=_rehearsal,
)
