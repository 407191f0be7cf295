"""A photographed face that speaks: one portrait and twelve points on it, bent on the processor, nothing learnt."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from core_pipeline.contracts.faces import Video
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.engines.titles import AtOnce, LongestFilm

_MEBIBYTE = 1 << 20

# What the panel says beside a photograph, in the words of people.
QUALITY_NOTE = {
    "ar": (
        "تتحرك الصورة بثني أجزائها: الشفتان والفك والجفنان والحاجبان والرأس قليلا. "
        "الأسنان واللسان مرسومة وليست لصاحب الصورة، ولا يدور الوجه حقا. "
        "النتيجة مقبولة على شاشة الهاتف وليست تصويرا حقيقيا، "
        "وهي أضعف مع اللحية الكثيفة والنظارات والفم المفتوح والوجه الملتفت. "
        "لا نتحقق من أن في الصورة شخصا واحدا: تأكد من ذلك بنفسك."
    ),
    "en": (
        "The picture is bent: lips, jaw, lids, brows and, a little, the head. "
        "Teeth and tongue are drawn and not the person's own, and the face does not really turn. "
        "It passes on a phone's screen and is no true film; "
        "it is weaker with a full beard, glasses, an open mouth or a face that looks aside. "
        "Whether the picture shows one person only is not checked: see to it yourself."
    ),
}


class PhotoConfig(BaseModel):
    """How much it takes on: the longest speech of a scene in seconds, and how many scenes it animates at once."""

    model_config = ConfigDict(extra="forbid")

    longest: LongestFilm = Field(default=300.0, gt=0, le=3600)
    at_once: AtOnce = Field(default=2, ge=1, le=16)


async def _open(config: PhotoConfig, bench: Bench) -> Video:  # noqa: ARG001 - it keeps no files
    from core_pipeline.engines.video.photo.engine import PhotoVideo  # noqa: PLC0415 - loads numpy and PyAV

    return PhotoVideo(config)


def _memory(config: PhotoConfig) -> int:
    return (300 + 220 * config.at_once) * _MEBIBYTE


SPEC: EngineSpec[Video] = EngineSpec(
    kind="video",
    name="photo",
    title={"ar": "صورة شخصية متكلمة (مدمجة)", "en": "Talking portrait photograph (embedded)"},
    languages=frozenset({"ar", "en"}),
    config=PhotoConfig,
    unit="second",
    open=_open,
    heavy=True,
    memory=_memory,
    at_once=2,
    faces=frozenset({"photo"}),
    captions=True,
)
