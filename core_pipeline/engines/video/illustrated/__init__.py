"""The embedded face: our own drawn characters, moved and encoded on the processor."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from core_pipeline.contracts.faces import Face, Shape, Video
from core_pipeline.contracts.legs import TalkingFace
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.engines.titles import AtOnce, LongestFilm

_MEBIBYTE = 1 << 20


class IllustratedConfig(BaseModel):
    """How much it takes on: the longest speech of a scene in seconds, and how many scenes it draws at once."""

    model_config = ConfigDict(extra="forbid")

    longest: LongestFilm = Field(default=300.0, gt=0, le=3600)
    at_once: AtOnce = Field(default=2, ge=1, le=16)


async def _open(config: IllustratedConfig, bench: Bench) -> Video:  # noqa: ARG001 - it keeps no files
    from core_pipeline.engines.video.illustrated.engine import IllustratedVideo  # noqa: PLC0415 - opened lazily like all engines

    return IllustratedVideo(config)


def _live(face: Face, shape: Shape) -> TalkingFace:
    from core_pipeline.engines.video.illustrated.live import LiveDrawing  # noqa: PLC0415 - opened lazily like all engines

    return LiveDrawing(face, shape)


def _memory(config: IllustratedConfig) -> int:
    return (240 + 80 * config.at_once) * _MEBIBYTE


SPEC: EngineSpec[Video] = EngineSpec(
    kind="video",
    name="illustrated",
    title={"ar": "وجوه مرسومة (مدمجة)", "en": "Drawn faces (embedded)"},
    languages=frozenset({"ar", "en"}),
    config=IllustratedConfig,
    unit="second",
    open=_open,
    heavy=True,
    memory=_memory,
    at_once=2,
    faces=frozenset({"illustrated"}),
    captions=True,
    live=_live,
)
