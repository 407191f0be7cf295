"""Piper's voices in a process of its own: small neural voices that speak faster than real time on a CPU."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from core_pipeline.contracts.engines import Tts
from core_pipeline.contracts.specs import Bench, EngineSpec, Progress
from core_pipeline.contracts.titles import titled
from core_pipeline.engines.titles import Hub, LongestText, Patience, VoiceEach

# Families of voices on the hub whose text front end is in the wheel (Chinese, Hebrew, Japanese and Thai need more).
_FAMILIES = "ar bg ca cs cy da de el en es fa fi fr hi hu id is it ka kk lb lv ml ne nl no pl pt ro ru sk sl sr sv"


class PiperConfig(BaseModel):
    """Which voice speaks which language: a voice's name on the hub, or the path of an .onnx file.

    A "#speaker" behind it names one of several who share a model.
    Voices with a name lie in `var/piper`; `hub` and `revision` say where they are fetched from. `pause` is the
    silence between sentences, `timeout` the longest silence of the process, both in seconds.
    """

    model_config = ConfigDict(extra="forbid")

    voices: VoiceEach = {"ar": "ar_JO-kareem-medium", "en": "en_US-lessac-medium"}
    pause: Annotated[float, titled("Silence between sentences, in seconds", "الصمت بين الجمل بالثواني", rare=True)] = (
        Field(default=0.2, ge=0, le=2)
    )
    timeout: Patience = Field(default=30.0, gt=0)
    longest_text: LongestText = Field(default=5000, ge=1)
    hub: Hub = "https://huggingface.co"
    revision: Annotated[str, titled("Version of the weights", "إصدار ملفات النموذج", rare=True)] = "main"


async def _open(config: PiperConfig, bench: Bench) -> Tts:
    from core_pipeline.engines.tts.piper.engine import PiperTts  # noqa: PLC0415 - opened lazily like all engines

    await _probe(config, bench)
    return PiperTts(config, bench.var)


async def _probe(config: PiperConfig, bench: Bench) -> None:
    from core_pipeline.engines.tts.piper.voices import check  # noqa: PLC0415 - opened lazily like all engines

    check(config, bench.var)


def _pull(config: PiperConfig, bench: Bench) -> AsyncIterator[Progress]:
    from core_pipeline.engines.tts.piper.pull import pull  # noqa: PLC0415 - opened lazily like all engines

    return pull(config, bench)


def _rehearsal(folder: Path) -> AbstractAsyncContextManager[PiperConfig]:
    from core_pipeline.engines.tts.piper.tiny import rehearsal  # noqa: PLC0415 - needs onnx, which only tests have

    return rehearsal(folder)


def _able(config: PiperConfig) -> frozenset[str]:
    return frozenset(config.voices)


SPEC: EngineSpec[Tts] = EngineSpec(
    kind="tts",
    name="piper",
    title={"ar": "بايبر: صوت عصبي محلي", "en": "Piper (local neural voices)"},
    languages=frozenset(f"{_FAMILIES} sw te tr uk vi".split()),
    config=PiperConfig,
    unit="character",
    open=_open,
    able=_able,
    probe=_probe,
    pull=_pull,
    rehearsal=_rehearsal,
)
