"""Hears through Google Cloud Speech-to-Text (REST, v1)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from core_pipeline.contracts.engines import Asr
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.contracts.titles import titled
from core_pipeline.engines.titles import Address, ApiKey, Model, Patience, PerMinute, ServiceAccount

Code = Annotated[str, Field(pattern="^[a-z]{2}$")]
Locale = Annotated[str, Field(pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]

LOCALES = {
    "ar": "ar-EG", "bn": "bn-IN", "de": "de-DE", "en": "en-US", "es": "es-ES", "fa": "fa-IR", "fr": "fr-FR",
    "he": "iw-IL", "hi": "hi-IN", "id": "id-ID", "it": "it-IT", "ja": "ja-JP", "ko": "ko-KR", "ml": "ml-IN",
    "ms": "ms-MY", "nl": "nl-NL", "pt": "pt-BR", "ru": "ru-RU", "ta": "ta-IN", "te": "te-IN", "tr": "tr-TR",
    "uk": "uk-UA", "ur": "ur-PK", "vi": "vi-VN", "zh": "cmn-Hans-CN",
}  # fmt: skip


class GoogleAsrConfig(BaseModel):
    """Who pays, and which variety of each language is expected.

    Give an `api_key`, or the JSON of a `service_account`'s key. `locales` adds to and replaces ours (Gulf Arabic:
    {"ar": "ar-AE"}). `detect` names the languages to choose from where none was asked for: four at most. `timeout` is
    in seconds, for each minute of speech.
    """

    model_config = ConfigDict(extra="forbid")

    base_url: Address = Field(default="https://speech.googleapis.com/v1", pattern=r"^https?://[^\s]+$")
    api_key: ApiKey = SecretStr("")
    service_account: ServiceAccount = SecretStr("")
    locales: Annotated[
        dict[Code, Locale],
        titled("Locale for each language", "اللهجة المحلية لكل لغة", "For example ar = ar-EG.", "مثل ar = ar-EG."),
    ] = {}
    detect: Annotated[
        tuple[Code, ...],
        titled(
            "Languages to tell apart",
            "اللغات التي يميّز بينها",
            "Two letters each, for example ar.",
            "حرفان لكل لغة، مثل ar.",
        ),
    ] = Field(default=("ar", "en"), min_length=1, max_length=4)
    model: Model = ""
    usd_per_minute: PerMinute = Field(default=0.024, ge=0)
    timeout: Patience = Field(default=60.0, gt=0)


async def _open(config: GoogleAsrConfig, bench: Bench) -> Asr:
    from core_pipeline.engines.asr.google.engine import GoogleAsr  # noqa: PLC0415 - loads numpy

    return GoogleAsr(config, bench.http)


@asynccontextmanager
async def _rehearsal(folder: Path) -> AsyncIterator[GoogleAsrConfig]:
    from core_pipeline.engines.asr.google.emulator import EmulatedSpeech  # noqa: PLC0415 - tests only

    del folder
    async with EmulatedSpeech().serving() as config:
        yield config


def _price(config: GoogleAsrConfig) -> float:
    return config.usd_per_minute * 1_000_000 / 60


def _able(config: GoogleAsrConfig) -> frozenset[str]:
    return frozenset(LOCALES | config.locales)


SPEC: EngineSpec[Asr] = EngineSpec(
    kind="asr",
    name="google",
    title={"ar": "متعرّف جوجل السحابي", "en": "Google Cloud Speech-to-Text"},
    languages=frozenset(LOCALES),
    config=GoogleAsrConfig,
    unit="second",
    open=_open,
    price=_price,
    able=_able,
    hosted=True,
    rehearsal=_rehearsal,
)
