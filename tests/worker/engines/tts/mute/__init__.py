"""An engine whose weights are not there."""

import sys

from pydantic import BaseModel

from core_pipeline.contracts.engines import Tts
from core_pipeline.contracts.specs import Bench, EngineSpec
from errors import NeedsOwner


class Config(BaseModel):
    """Nothing to set."""


async def _open(config: Config, bench: Bench) -> Tts:
    sys.stdout.write("noise of a library\n")
    raise NeedsOwner("no-weights", "fetch them with doctor --pull")


SPEC: EngineSpec[Tts] = EngineSpec("tts", "mute", {}, frozenset({"ar"}), Config, "character", _open)
