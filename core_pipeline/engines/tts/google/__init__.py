"""Google Cloud Text-to-Speech over its REST interface."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from core_pipeline.contracts.engines import Tts
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.engines.titles import (
    Address,
    ApiKey,
    LongestText,
    Patience,
    PerMillionLetters,
    SampleRate,
    ServiceAccount,
    VoiceEach,
)

_LANGUAGES = (
    "af am ar bg bn ca cs cy da de el en es et eu fi fr gl gu he hi hr hu id is it ja jv km kn ko lt lv ml mr ms my "
    "nb ne nl pa pl pt ro ru si sk sq sr su sv sw ta te th tr uk ur vi"
)


class GoogleTtsConfig(BaseModel):
    """Who we are, by API key or by the JSON of a service account's key, and the voice of each language.

    `timeout` is in seconds for one sentence.
    """

    model_config = ConfigDict(extra="forbid")

    api_key: ApiKey = SecretStr("")
    service_account: ServiceAccount = SecretStr("")
    base_url: Address = Field(default="https://texttospeech.googleapis.com", pattern=r"^https?://[^\s]+$")
    voices: VoiceEach = {"ar": "ar-XA-Wavenet-B", "en": "en-US-Wavenet-D"}
    sample_rate: SampleRate = Field(default=24_000, ge=8_000, le=48_000)
    usd_per_million_characters: PerMillionLetters = Field(default=4.0, ge=0)
    timeout: Patience = Field(default=20.0, gt=0)
    longest_text: LongestText = Field(default=5000, ge=1)


async def _open(config: GoogleTtsConfig, bench: Bench) -> Tts:
    from core_pipeline.engines.tts.google.engine import GoogleTts  # noqa: PLC0415 - opened lazily like all engines

    return GoogleTts(config, bench.http)


async def _probe(config: GoogleTtsConfig, bench: Bench) -> None:
    from core_pipeline.engines.tts.google.engine import GoogleTts  # noqa: PLC0415 - opened lazily like all engines

    await GoogleTts(config, bench.http).probe()


@asynccontextmanager
async def _rehearsal(folder: Path) -> AsyncIterator[GoogleTtsConfig]:
    from core_pipeline.engines.tts.google.emulator import EmulatedSynthesis  # noqa: PLC0415 - tests only

    del folder
    async with EmulatedSynthesis().serving() as config:
        yield config


def _price(config: GoogleTtsConfig) -> float:
    return config.usd_per_million_characters  # millionths of a dollar for one character


def _able(config: GoogleTtsConfig) -> frozenset[str]:
    return frozenset(config.voices) & SPEC.languages


SPEC: EngineSpec[Tts] = EngineSpec(
    kind="tts",
    name="google",
    title={"ar": "صوت Google السحابي", "en": "Google Cloud Text-to-Speech"},
    languages=frozenset(_LANGUAGES.split()),
    config=GoogleTtsConfig,
    unit="character",
    open=_open,
    price=_price,
    able=_able,
    hosted=True,
    sample_rate=24_000,
    probe=_probe,
    rehearsal=_rehearsal,
)
