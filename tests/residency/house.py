"""What the tests of the residency share: a house for tiny models, and ways to ask them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.specs import Priority
from core_pipeline.engines.residency import Figures, Residency, Terms
from tests.residency.engines.asr.tiny import BASE, MIB, SPEC, TinyConfig

SOUND = Pcm(bytes(320), 16_000)
TERMS = Terms(idle=None, load=30.0, folder="tests.residency.engines")
ONE = (BASE + 50) * MIB


@dataclass
class House:
    """A residency of tiny models; `order` are the marks of what was done, in the order it was done."""

    residency: Residency

    def __post_init__(self) -> None:
        self.order: list[str] = []

    async def ask(
        self,
        name: str = "a",
        work: str = "",
        *,
        tenant: str = "t",
        priority: Priority = Priority.NOTE,
        mark: str = "",
        at_once: int = 1,
        **config: Any,
    ) -> tuple[str, int, int]:
        """Have a model work: its name, its pid, how many worked in it together."""
        spec = replace(SPEC, at_once=at_once)
        engine = self.residency.asr(spec, TinyConfig(name=name, **config), tenant, priority)
        told, pid, together = (await engine.transcribe(SOUND, work or None)).text.split()
        self.order.append(mark or name)
        return told, int(pid), int(together)

    def begin(self, *args: Any, **kwargs: Any) -> asyncio.Task[tuple[str, int, int]]:
        """As `ask`, not waiting."""
        return asyncio.create_task(self.ask(*args, **kwargs))

    @property
    def here(self) -> list[Figures]:
        """The models whose process is there."""
        return [one for one in self.residency.figures() if one.pid]

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until it holds."""
        async with asyncio.timeout(15):
            while not true():
                await asyncio.sleep(0.005)


@asynccontextmanager
async def house(folder: Path, models: float = 2, **terms: Any) -> AsyncIterator[House]:
    """A house with room for so many models of the usual size."""
    async with Residency(int(models * ONE), folder, replace(TERMS, **terms)) as residency:
        yield House(residency)
        pids = [one.pid for one in residency.figures() if one.pid]
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
