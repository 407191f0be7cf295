"""Hears a hundred languages with Whisper, on this machine, through CTranslate2: no torch."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from core_pipeline.contracts.engines import Asr
from core_pipeline.contracts.specs import Bench, EngineSpec, Progress
from core_pipeline.contracts.titles import titled
from core_pipeline.engines.titles import DEVICE_TITLE, LANGUAGE_TITLE, LANGUAGES_TITLE, Hub, Model, MostTokens, Threads
from core_pipeline.engines.weights.place import expect, folder_of, installed, is_path
from core_pipeline.engines.weights.pull import HUB, pull
from core_pipeline.engines.whisper import LANGUAGES

AT_ONCE = 8
FILES = ("config.json", "model.bin", "tokenizer.json")
PATTERNS = (*FILES, "preprocessor_config.json", "vocabulary.*")
REQUIRES = ("faster_whisper",)
Code = Annotated[str, Field(pattern="^[a-z]{2}$")]

KNOWN = {
    "tiny": "Systran/faster-whisper-tiny",
    "base": "Systran/faster-whisper-base",
    "small": "Systran/faster-whisper-small",
    "medium": "Systran/faster-whisper-medium",
    "large-v3": "Systran/faster-whisper-large-v3",
    "large-v3-turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
}
_MILLIONS = {"tiny": 39, "base": 74, "small": 244, "medium": 769, "large-v3": 1550, "large-v3-turbo": 809}
_BYTES = {"int8": 1, "int8_float16": 1, "int8_float32": 1, "float16": 2, "bfloat16": 2, "float32": 4}
_WORKING_MEMORY = 600 << 20  # activations of eight windows, and the runtime itself


class FasterWhisperConfig(BaseModel):
    """Which model, where it runs and how carefully it searches.

    `model` is one of Whisper's sizes, "owner/name" on the hub, or a folder in CTranslate2's format. Where no language
    was asked for, one of `languages` is chosen (none: any), and `language` is assumed for silence. `threads` are the
    processor's (0: the library's choice). `most_tokens` bounds the text of 30 s of speech.
    """

    model_config = ConfigDict(extra="forbid")

    model: Model = Field(default="large-v3-turbo", min_length=1)
    device: Annotated[Literal["auto", "cpu", "cuda"], DEVICE_TITLE] = "auto"
    compute_type: Annotated[
        Literal["int8", "int8_float16", "int8_float32", "float16", "bfloat16", "float32"],
        titled("How exactly it computes", "دقة الحساب", rare=True),
    ] = "int8"
    beam_size: Annotated[int, titled("Search width", "اتساع البحث", rare=True)] = Field(default=5, ge=1, le=10)
    languages: Annotated[tuple[Code, ...], LANGUAGES_TITLE] = ()
    language: Annotated[Code, LANGUAGE_TITLE] = "ar"
    word_times: Annotated[bool, titled("Times of words", "توقيت الكلمات", rare=True)] = True
    threads: Threads = Field(default=0, ge=0)
    most_tokens: MostTokens = Field(default=224, ge=1, le=440)
    hub: Hub = Field(default=HUB, pattern=r"^https?://[^\s]+$")

    @property
    def source(self) -> str:
        """The model as the hub or this machine knows it."""
        return KNOWN.get(self.model, self.model)


async def _open(config: FasterWhisperConfig, bench: Bench) -> Asr:
    await _probe(config, bench)
    from core_pipeline.engines.asr.faster_whisper.engine import opened  # noqa: PLC0415 - loads CTranslate2

    return await opened(config, folder_of(config.source, bench))


async def _probe(config: FasterWhisperConfig, bench: Bench) -> None:
    installed(REQUIRES)
    expect(folder_of(config.source, bench), FILES, config.source)


def _pull(config: FasterWhisperConfig, bench: Bench) -> AsyncIterator[Progress]:
    return pull(config.source, folder_of(config.source, bench), PATTERNS, config.hub)


def _able(config: FasterWhisperConfig) -> frozenset[str]:
    if config.source.endswith(".en"):
        return frozenset({"en"})
    return LANGUAGES & frozenset(config.languages) if config.languages else LANGUAGES


def _memory(config: FasterWhisperConfig) -> int:
    """Weights as they are computed with, and working memory: large-v3-turbo in int8 comes to 1.5 GB."""
    weights = Path(config.model).expanduser() / "model.bin"
    if is_path(config.model) and weights.is_file():
        return weights.stat().st_size * 5 // 4 + _WORKING_MEMORY
    millions = _MILLIONS.get(config.model, _MILLIONS["large-v3"])
    return millions * 1_100_000 * _BYTES[config.compute_type] + _WORKING_MEMORY


@asynccontextmanager
async def _rehearsal(folder: Path) -> AsyncIterator[FasterWhisperConfig]:
    from core_pipeline.engines.asr.faster_whisper.tiny import write  # noqa: PLC0415 - tests only; loads transformers

    write(folder / "tiny-whisper")
    yield FasterWhisperConfig(model=str(folder / "tiny-whisper"), device="cpu", beam_size=1, most_tokens=12)


SPEC: EngineSpec[Asr] = EngineSpec(
    kind="asr",
    name="faster_whisper",
    title={"ar": "ويسبر على هذا الجهاز", "en": "Whisper on this machine"},
    languages=LANGUAGES,
    config=FasterWhisperConfig,
    unit="second",
    open=_open,
    able=_able,
    requires=REQUIRES,
    heavy=True,
    memory=_memory,
    at_once=AT_ONCE,
    probe=_probe,
    pull=_pull,
    rehearsal=_rehearsal,
)
