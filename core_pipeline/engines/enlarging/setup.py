"""How a network that enlarges is set up; light, so that a SPEC may import it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from core_pipeline.contracts.specs import Bench
from core_pipeline.contracts.titles import titled
from core_pipeline.engines.titles import DEVICE_TITLE, Batch, Quality, Threads, Weights
from errors import NeedsOwner

KINDS = (".pth", ".safetensors")
BASE_MEMORY = 1 << 30  # torch itself, and the pictures on their way


class NetworkConfig(BaseModel):
    """Which weights, and how they compute.

    `weights` is a file's name in `var/models`, or a path. `dtype` auto is fp16 on a GPU (bf16 where a network can't),
    else fp32. `batch` is how many tiles or faces go through together. `compile` auto is on for a GPU; `channels_last`
    lays colours beside one another, which convolutions read faster. `threads` are the CPU's. `crf` is the quality of
    the encoding, 18 fine, 28 coarse.
    """

    model_config = ConfigDict(extra="forbid")

    weights: Weights = Field(min_length=1)
    device: Annotated[Literal["auto", "cpu", "cuda"], DEVICE_TITLE] = "auto"
    dtype: Annotated[
        Literal["auto", "fp32", "fp16", "bf16"], titled("How exactly it computes", "دقة الحساب", rare=True)
    ] = "auto"
    channels_last: Annotated[bool, titled("Colours beside one another", "ترتيب الألوان متجاورة", rare=True)] = True
    compile: Annotated[
        Literal["auto", "on", "off"], titled("Compiled before its first use", "تجهيز الشبكة قبل أول استعمال", rare=True)
    ] = "auto"
    batch: Batch = Field(default=1, ge=1, le=64)
    threads: Threads = Field(default=2, ge=1, le=256)
    crf: Quality = Field(default=20, ge=10, le=40)


def file_of(config: NetworkConfig, bench: Bench) -> Path:
    """Return the file with the weights; it looks, and opens nothing. Raises NeedsOwner with what to do."""
    named = Path(config.weights).expanduser()
    file = named if config.weights.startswith(("/", ".", "~")) else bench.var / "models" / named
    if file.suffix not in KINDS:
        raise NeedsOwner("weights-wrong", f"{file.name} is no .pth or .safetensors file: correct the setting `weights`")
    if not file.is_file():
        raise NeedsOwner("weights-missing", f"{file.name} is not there: put it into var/models or set `weights`")
    return file
