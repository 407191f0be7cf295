"""D-ID's talking portraits, over the vendor's API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from core_pipeline.contracts.faces import Video
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.contracts.titles import titled
from core_pipeline.engines.titles import Address, ApiKey, MostBytes, Patience, PerSecond, Silence
from core_pipeline.engines.whisper import LANGUAGES


class DidConfig(BaseModel):
    """The account, and how long a film may take; times in seconds.

    `stitch` puts the moving head back into the whole picture; without it only the face is shown. `first_wait` is the
    wait before the first question whether the film is done; later waits grow to ten times that. `usd_per_second` is
    what a second of film costs under the account's plan.
    """

    model_config = ConfigDict(extra="forbid")

    base_url: Address = Field(default="https://api.d-id.com", pattern=r"^https?://[^\s]+$")
    api_key: ApiKey = SecretStr("")
    stitch: Annotated[bool, titled("Whole picture, not the face only", "الصورة كاملة لا الوجه وحده")] = True
    expressive: Annotated[bool, titled("Lively face", "وجه معبّر")] = True
    most_bytes: MostBytes = Field(default=64 << 20, ge=1)
    first_wait: Annotated[
        float, titled("First look for the film, in seconds", "أول سؤال عن الفيديو، بالثواني", rare=True)
    ] = Field(default=1.0, gt=0)
    silence: Silence = Field(default=30.0, gt=0)
    timeout: Patience = Field(default=240.0, gt=0)
    usd_per_second: PerSecond = Field(default=0.02, ge=0)


async def _open(config: DidConfig, bench: Bench) -> Video:
    from core_pipeline.engines.video.did.engine import DidVideo  # noqa: PLC0415 - opened lazily like all engines

    return DidVideo(config, bench.http)


async def _probe(config: DidConfig, bench: Bench) -> None:
    from core_pipeline.engines.video.did.engine import DidVideo  # noqa: PLC0415 - opened lazily like all engines

    await DidVideo(config, bench.http).probe()


@asynccontextmanager
async def _rehearsal(folder: Path) -> AsyncIterator[DidConfig]:
    from core_pipeline.engines.video.did.emulator import EmulatedDid  # noqa: PLC0415 - tests and simulate only

    del folder
    async with EmulatedDid().serving() as config:
        yield config


def _price(config: DidConfig) -> float:
    return config.usd_per_second * 1_000_000


SPEC: EngineSpec[Video] = EngineSpec(
    kind="video",
    name="did",
    title={"ar": "وجه متكلم من D-ID", "en": "D-ID talking portrait"},
    languages=LANGUAGES,
    config=DidConfig,
    unit="second",
    open=_open,
    price=_price,
    hosted=True,
    faces=frozenset({"photo"}),
    probe=_probe,
    rehearsal=_rehearsal,
)
