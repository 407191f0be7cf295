"""Speaks through any server that speaks OpenAI's `audio/speech`: OpenAI, Groq, vLLM, speaches, LocalAI."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from core_pipeline.contracts.engines import Tts
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.contracts.titles import titled
from core_pipeline.engines.titles import (
    Address,
    ApiKey,
    Instructions,
    LongestText,
    Model,
    Patience,
    PerMillionLetters,
    SampleRate,
    VoiceEach,
)
from core_pipeline.engines.whisper import LANGUAGES


class OpenAiTtsConfig(BaseModel):
    """Which server, model and voices: the name of a voice for each language that it shall speak.

    `format` is what is asked for: "pcm" has `sample_rate`, "wav" says its own. `instructions` tell a model that takes
    them how to speak (accent, mood). `timeout` is the longest silence of the server in seconds.
    """

    model_config = ConfigDict(extra="forbid")

    base_url: Address = Field(default="https://api.openai.com/v1", pattern=r"^https?://[^\s]+$")
    api_key: ApiKey = SecretStr("")
    model: Model = "tts-1"
    voices: VoiceEach = {"ar": "nova", "en": "nova"}
    instructions: Instructions = ""
    format: Annotated[Literal["pcm", "wav"], titled("Sound format", "صيغة الصوت", rare=True)] = "pcm"
    sample_rate: SampleRate = Field(default=24_000, ge=8_000, le=48_000)
    usd_per_million_characters: PerMillionLetters = Field(default=15.0, ge=0)
    timeout: Patience = Field(default=30.0, gt=0)
    longest_text: LongestText = Field(default=4096, ge=1)


async def _open(config: OpenAiTtsConfig, bench: Bench) -> Tts:
    from core_pipeline.engines.tts.openai_compatible.engine import OpenAiTts  # noqa: PLC0415 - opened lazily

    return OpenAiTts(config, bench.http)


async def _probe(config: OpenAiTtsConfig, bench: Bench) -> None:
    from core_pipeline.engines.tts.openai_compatible.engine import OpenAiTts  # noqa: PLC0415 - opened lazily

    await OpenAiTts(config, bench.http).probe()


@asynccontextmanager
async def _rehearsal(folder: Path) -> AsyncIterator[OpenAiTtsConfig]:
    from core_pipeline.engines.tts.openai_compatible.emulator import EmulatedSpeech  # noqa: PLC0415 - tests only

    del folder
    async with EmulatedSpeech().serving() as config:
        yield config


def _price(config: OpenAiTtsConfig) -> float:
    return config.usd_per_million_characters  # millionths of a dollar for one character


def _able(config: OpenAiTtsConfig) -> frozenset[str]:
    return frozenset(config.voices) & LANGUAGES


SPEC: EngineSpec[Tts] = EngineSpec(
    kind="tts",
    name="openai_compatible",
    title={"ar": "صوت متوافق مع OpenAI", "en": "OpenAI-compatible voice"},
    languages=LANGUAGES,
    config=OpenAiTtsConfig,
    unit="character",
    open=_open,
    price=_price,
    able=_able,
    hosted=True,
    sample_rate=24_000,
    probe=_probe,
    rehearsal=_rehearsal,
)
