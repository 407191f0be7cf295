"""A model of as many megabytes as one likes, whose work is told by the language that it is asked to hear.

"sleep" works for `seconds`; "die" takes the process down; "hang" holds up the whole process; anything else is done at
once. The transcript is "name pid together", where `together` is how many were at work.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time

import numpy as np
from pydantic import BaseModel

from core_pipeline.contracts.engines import Asr, Pcm, Transcript
from core_pipeline.contracts.specs import Bench, EngineSpec
from errors import NeedsOwner

MIB = 1 << 20
BASE = 100  # MiB that the process takes before it holds a model


class TinyConfig(BaseModel):
    """Which model, how large, how slow; `missing` are weights that are not there."""

    name: str = "a"
    megabytes: int = 50
    seconds: float = 0.3
    load_seconds: float = 0.0
    missing: bool = False


class Tiny:
    """Holds its megabytes for as long as it lives."""

    def __init__(self, config: TinyConfig) -> None:
        self._config = config
        self._weights = np.ones(config.megabytes * MIB // 8)
        self._together = 0

    async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:
        """Work."""
        self._together += 1
        try:
            if language == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            if language == "hang":
                time.sleep(60)  # noqa: ASYNC251 - a library that never comes back
            if language == "sleep":
                await asyncio.sleep(self._config.seconds)
            return Transcript(f"{self._config.name} {os.getpid()} {self._together}", "ar")
        finally:
            self._together -= 1

    async def close(self) -> None:
        """Hold nothing."""


async def _open(config: TinyConfig, bench: Bench) -> Asr:
    await asyncio.sleep(config.load_seconds)
    if config.missing:
        raise NeedsOwner("no-weights", f"put {config.name} into {bench.var.name}")
    return Tiny(config)


def _memory(config: TinyConfig) -> int:
    return (BASE + config.megabytes) * MIB


SPEC: EngineSpec[Asr] = EngineSpec(
    kind="asr",
    name="tiny",
    title={},
    languages=frozenset({"ar"}),
    config=TinyConfig,
    unit="second",
    open=_open,
    heavy=True,
    memory=_memory,
)
