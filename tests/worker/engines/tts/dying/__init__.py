"""An engine that takes its process down while it loads, as one does for which there is no memory."""

import os
import signal

from pydantic import BaseModel

from core_pipeline.contracts.engines import Tts
from core_pipeline.contracts.specs import Bench, EngineSpec


class Config(BaseModel):
    """Nothing to set."""


async def _open(config: Config, bench: Bench) -> Tts:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


SPEC: EngineSpec[Tts] = EngineSpec("tts", "dying", {}, frozenset({"ar"}), Config, "character", _open)
