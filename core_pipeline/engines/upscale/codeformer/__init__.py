"""Draws faces anew with CodeFormer by spandrel; its licence forbids commercial use, so it is off until allowed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from pydantic import Field

from core_pipeline.contracts.faces import Upscale
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.contracts.titles import titled
from core_pipeline.engines.enlarging.setup import BASE_MEMORY, NetworkConfig, file_of
from core_pipeline.engines.titles import Weights
from core_pipeline.engines.weights.place import installed
from errors import NeedsOwner

LICENCE = "S-Lab License 1.0"
OWN_PACKAGE = "spandrel_extra_arches"
REQUIRES = ("spandrel", "torch", OWN_PACKAGE)
_WEIGHTS_MEMORY, _FACE_MEMORY = 1 << 29, 3 << 29


class CodeFormerConfig(NetworkConfig):
    """`accept_licence` says that the owner may use CodeFormer under its licence, or has its makers' leave.

    `fidelity` is 0 for the most beautiful face, 1 for the one that is most like the given.
    """

    weights: Weights = Field(default="codeformer.pth", min_length=1)
    accept_licence: Annotated[
        bool, titled("I have read the licence and may use it", "قرأت الرخصة ويحق لي استخدامه")
    ] = False
    fidelity: Annotated[float, titled("How like the given face", "مدى الشبه بالوجه الأصلي")] = Field(
        default=0.7, ge=0, le=1
    )


async def _open(config: CodeFormerConfig, bench: Bench) -> Upscale:
    await _probe(config, bench)
    from core_pipeline.engines.upscale.codeformer.engine import opened  # noqa: PLC0415 - imports torch

    return await opened(config, file_of(config, bench))


async def _probe(config: CodeFormerConfig, bench: Bench) -> None:
    if not config.accept_licence:
        raise NeedsOwner(
            "licence",
            f"CodeFormer is under the {LICENCE}, for non-commercial use only: read it, and if you may use it set "
            "`accept_licence` to true (UPSCALE_CODEFORMER_ACCEPT_LICENCE=true)",
        )
    installed(REQUIRES[:-1])
    if find_spec(OWN_PACKAGE) is None:
        how = f"`pip install --no-deps {OWN_PACKAGE}`, into the environment of heavy engines"
        raise NeedsOwner("packages-missing", f"CodeFormer's code is not among our packages, for its licence: {how}")
    file_of(config, bench)


def _memory(config: CodeFormerConfig) -> int:
    return BASE_MEMORY + _WEIGHTS_MEMORY + config.batch * _FACE_MEMORY


@asynccontextmanager
async def _rehearsal(folder: Path) -> AsyncIterator[CodeFormerConfig]:
    from core_pipeline.engines.upscale.codeformer.tiny import write  # noqa: PLC0415 - tests only; imports torch

    write(folder)
    yield CodeFormerConfig(weights=str(folder / "tiny-codeformer.pth"), device="cpu", accept_licence=True)


SPEC: EngineSpec[Upscale] = EngineSpec(
    kind="upscale",
    name="codeformer",
    title={"ar": "كود فورمر للوجوه (غير تجاري)", "en": "CodeFormer for faces (non-commercial)"},
    languages=frozenset({"ar", "en"}),
    config=CodeFormerConfig,
    unit="second",
    open=_open,
    requires=REQUIRES,
    heavy=True,
    memory=_memory,
    probe=_probe,
    rehearsal=_rehearsal,
)
