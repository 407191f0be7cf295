"""Engines that make pictures, tried in turn; one film keeps to the engine that began it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core_pipeline.contracts.faces import Clip
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.wrap.cared import streamed
from core_pipeline.engines.wrap.fallback import FAILURES
from core_pipeline.engines.wrap.flowing import flowing
from errors import NeedsOwner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Sequence

    from core_pipeline.contracts.faces import Scene, Shape
    from core_pipeline.contracts.specs import EngineSpec
    from core_pipeline.engines.wrap.cared import Care
    from core_pipeline.engines.wrap.meter import Ledger, Tariff

log = logging.getLogger(__name__)

Told = Callable[[int], None]


@dataclass(frozen=True)
class Maker:
    """An engine that makes pictures, how it is billed and looked after; it opens when it is first used."""

    tariff: Tariff
    opened: Callable[[], Awaitable[Any]]
    cares: tuple[Care, ...]

    @property
    def spec(self) -> EngineSpec[Any]:
        """What the engine is."""
        return self.tariff.spec


def untold(done: int) -> None:
    """Tell nobody how far it is."""
    del done


class Makers:
    """Engines of one kind, best first; from the first success on only the one that had it, which is then `served`."""

    def __init__(self, makers: Sequence[Maker], ledger: Ledger) -> None:
        self.makers, self.ledger = makers, ledger
        self.served: EngineSpec[Any] | None = None

    async def animated(self, scene: Scene, told: Told = untold) -> Clip:
        """Return the scene's clip, telling how many pictures are done; the last engine's error when none could."""
        data = await self._made("animate", scene.speech.seconds, lambda engine: engine.animate(scene), told)
        return Clip(data, scene.shape, scene.frames)

    async def upscaled(self, clip: Clip, shape: Shape, told: Told = untold) -> Clip:
        """Return the clip in the larger shape; the last engine's error when none could."""
        data = await self._made("upscale", clip.seconds, lambda engine: engine.upscale(clip, shape), told)
        return Clip(data, shape, clip.frames)

    async def _made(self, stage: str, seconds: float, begin: Callable[[Any], AsyncIterator[Any]], told: Told) -> bytes:
        last: Exception = NeedsOwner("no-engine", f"no engine is set that could {stage} this")
        for maker in self.makers:
            if self.served is not None and maker.spec is not self.served:
                continue
            try:
                with maker.tariff.timed(stage, self.ledger) as use:
                    data = await _gathered(maker, begin, told)
                    use.units = seconds
            except FAILURES as error:
                log.warning("engine %s failed with %s", maker.spec.name, error.code)
                last = error
            else:
                self.served = maker.spec
                return data
        raise last


async def _gathered(maker: Maker, begin: Callable[[Any], AsyncIterator[Any]], told: Told) -> bytes:
    async def parts() -> AsyncIterator[Any]:
        async with flowing(begin(await maker.opened())) as stream:
            async for part in stream:
                yield part

    data = bytearray()
    async with flowing(streamed(maker.cares, parts)) as made:
        async for part in made:
            if isinstance(part, Progress):
                told(part.done)
            else:
                data += part
    return bytes(data)
