"""Tells voices apart by a speaker network in an ONNX file that the operator provides (WeSpeaker, ECAPA, CAM++)."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from core_pipeline.contracts.engines import Speaker
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.contracts.titles import titled
from core_pipeline.engines.titles import Sureness


class OnnxConfig(BaseModel):
    """`path` is the network's file; the rest is how it was trained and where it decides.

    `window` and `bands` are those of its filter bank. Two voiceprints are of one speaker when their cosine is at least
    `threshold`; `steepness` is how fast the likeness rises around it.
    """

    model_config = ConfigDict(extra="forbid")

    path: Annotated[str, titled("File with the network", "ملف الشبكة")] = ""
    window: Annotated[Literal["hamming", "povey"], titled("Window of the filter bank", "نافذة المرشّحات", rare=True)] = (
        "hamming"
    )
    bands: Annotated[int, titled("Bands of the filter bank", "عدد نطاقات المرشّحات", rare=True)] = Field(
        default=80, ge=20, le=128
    )
    threshold: Sureness = Field(default=0.45, ge=-1.0, le=1.0)
    steepness: Annotated[float, titled("How fast the likeness rises", "سرعة ارتفاع التشابه", rare=True)] = Field(
        default=12.0, gt=0.0
    )


async def _open(config: OnnxConfig, bench: Bench) -> Speaker:
    from core_pipeline.engines.speaker.onnx.engine import OnnxSpeaker  # noqa: PLC0415 - loads onnxruntime

    await _probe(config, bench)
    return await OnnxSpeaker.load(config)


async def _probe(config: OnnxConfig, bench: Bench) -> None:  # noqa: ARG001 - the file lies where the operator put it
    from core_pipeline.engines.speaker.onnx.engine import check  # noqa: PLC0415 - loads onnxruntime

    check(config)


def _memory(config: OnnxConfig) -> int:
    file = Path(config.path)
    return 3 * file.stat().st_size if config.path and file.is_file() else 0


def _rehearsal(folder: Path) -> AbstractAsyncContextManager[OnnxConfig]:
    from core_pipeline.engines.speaker.onnx.tiny import rehearsal  # noqa: PLC0415 - needs onnx, which only tests have

    return rehearsal(folder)


SPEC: EngineSpec[Speaker] = EngineSpec(
    kind="speaker",
    name="onnx",
    title={"ar": "بصمة صوت بشبكة عصبية (ONNX)", "en": "Speaker network (ONNX)"},
    languages=frozenset({"ar", "en"}),
    config=OnnxConfig,
    unit="second",
    open=_open,
    memory=_memory,
    probe=_probe,
    rehearsal=_rehearsal,
)
