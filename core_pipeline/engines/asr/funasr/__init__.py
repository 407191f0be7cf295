"""Hears with FunASR on this machine: Fun-ASR-MLT-Nano, which knows Arabic, and folders with a CTC network."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, redirect_stdout
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from core_pipeline.contracts.engines import Asr
from core_pipeline.contracts.specs import Bench, EngineSpec, Progress
from core_pipeline.contracts.titles import titled
from core_pipeline.engines.asr.funasr.card import NAMES, check, languages_in
from core_pipeline.engines.titles import DEVICE_TITLE, LANGUAGE_TITLE, LANGUAGES_TITLE, Hub, Model, MostTokens, Threads
from core_pipeline.engines.weights.place import expect, folder_of, installed, is_path, size_of
from core_pipeline.engines.weights.pull import HUB, pull

AT_ONCE = 8
FILES = ("config.yaml", "model.pt")
PATTERNS = ("*.yaml", "*.json", "*.pt", "*.tiktoken", "*.txt", "*.mvn", "Qwen3-*/*")
REQUIRES = ("funasr", "torch", "transformers")
Code = Annotated[str, Field(pattern="^[a-z]{2}$")]
_ARABIC = "FunAudioLLM/Fun-ASR-MLT-Nano-2512"
_NANO_MEMORY = 4 << 30  # 0.8 billion weights in fp32, and room to work
_WORKING_MEMORY = 1 << 30


class FunAsrConfig(BaseModel):
    """Which model and where it runs.

    `model` is "owner/name" on the hub or a folder in FunASR's layout. `languages` narrows what a known model hears,
    and says what an unknown one does. `language` is assumed where none was asked for and the text doesn't tell.
    `precision` is that of the language model inside Nano. `most_tokens` bounds the text of 30 s of speech.
    """

    model_config = ConfigDict(extra="forbid")

    model: Model = Field(default=_ARABIC, min_length=1)
    device: Annotated[Literal["auto", "cpu", "cuda"], DEVICE_TITLE] = "auto"
    threads: Threads = Field(default=2, ge=1)
    precision: Annotated[
        Literal["fp32", "bf16", "fp16"], titled("How exactly it computes", "دقة الحساب", rare=True)
    ] = "fp32"
    languages: Annotated[tuple[Code, ...], LANGUAGES_TITLE] = ()
    language: Annotated[Code, LANGUAGE_TITLE] = "ar"
    most_tokens: MostTokens = Field(default=256, ge=1, le=1024)
    hub: Hub = Field(default=HUB, pattern=r"^https?://[^\s]+$")


async def _open(config: FunAsrConfig, bench: Bench) -> Asr:
    await _probe(config, bench)
    with redirect_stdout(io.StringIO()):  # FunASR talks when it is imported
        from core_pipeline.engines.asr.funasr.engine import opened  # noqa: PLC0415 - loads torch

    return await opened(config, folder_of(config.model, bench))


async def _probe(config: FunAsrConfig, bench: Bench) -> None:
    installed(REQUIRES)
    folder = folder_of(config.model, bench)
    expect(folder, FILES, config.model)  # FunASR itself would look for a missing folder on a hub
    check(folder)


def _pull(config: FunAsrConfig, bench: Bench) -> AsyncIterator[Progress]:
    return pull(config.model, folder_of(config.model, bench), PATTERNS, config.hub)


def _able(config: FunAsrConfig) -> frozenset[str]:
    known = languages_in(config.model)
    asked = frozenset(config.languages)
    return frozenset(NAMES) & (asked if known is None else asked & known if asked else known)


def _memory(config: FunAsrConfig) -> int:
    if not is_path(config.model):
        return _NANO_MEMORY
    return size_of(Path(config.model).expanduser()) * 5 // 4 + _WORKING_MEMORY


@asynccontextmanager
async def _rehearsal(folder: Path) -> AsyncIterator[FunAsrConfig]:
    from core_pipeline.engines.asr.funasr.tiny import write  # noqa: PLC0415 - tests only; loads torch

    write(folder / "tiny-MLT-Nano")
    yield FunAsrConfig(model=str(folder / "tiny-MLT-Nano"), device="cpu", most_tokens=8)


SPEC: EngineSpec[Asr] = EngineSpec(
    kind="asr",
    name="funasr",
    title={"ar": "فن إيه إس آر على هذا الجهاز", "en": "FunASR on this machine"},
    languages=frozenset(NAMES),
    config=FunAsrConfig,
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
