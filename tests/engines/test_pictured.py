"""A film keeps to the engine that began it; the next one is tried only before that."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.faces import Clip, Face, Scene, Shape
from core_pipeline.contracts.specs import Bench, EngineSpec, Progress
from core_pipeline.engines.router import Engines, For
from core_pipeline.engines.tts.espeak import SPEC, EspeakConfig
from core_pipeline.engines.wrap.meter import Ledger, Tariff
from core_pipeline.engines.wrap.pictured import Maker, Makers
from errors import NeedsOwner, Retryable

SCENE = Scene(Face("x", "photo", {}), "square", Shape(64, 64), Pcm(bytes(32_000), 16_000))


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with httpx.AsyncClient() as http:
        yield Bench(tmp_path, http)


class Painter:
    """Says its name, and how far it is; `fails` are raised first."""

    def __init__(self, name: str, *fails: Exception) -> None:
        self.name, self.fails = name, list(fails)

    async def animate(self, scene: Scene) -> AsyncIterator[Progress | bytes]:
        if self.fails:
            raise self.fails.pop(0)
        for done in (10, scene.frames):
            yield Progress("pictures", done, scene.frames)
            yield self.name.encode()

    async def upscale(self, clip: Clip, shape: Shape) -> AsyncIterator[Progress | bytes]:
        yield clip.data * (shape.width // clip.shape.width)


def makers(ledger: Ledger, *painters: Painter) -> Makers:
    def later(painter: Painter) -> Callable[[], Awaitable[Any]]:
        async def opened() -> Painter:
            return painter

        return opened

    def spec(name: str) -> EngineSpec[Any]:
        return replace(SPEC, kind="video", name=name, unit="second", price=lambda _: 2.0)

    return Makers([Maker(Tariff(spec(p.name), EspeakConfig()), later(p), ()) for p in painters], ledger)


async def test_a_clip_is_made_metered_and_told_of() -> None:
    ledger, told = Ledger(), list[int]()
    clip = await makers(ledger, Painter("a")).animated(SCENE, told.append)
    assert (clip.data, clip.frames, clip.shape, told) == (b"aa", 25, SCENE.shape, [10, 25])
    [bill] = ledger.bills
    assert (bill.stage, bill.engine, bill.units, bill.unit, bill.cost) == ("animate", "a", 1.0, "second", 2)


async def test_the_next_engine_takes_over_before_the_film_begins_and_never_after() -> None:
    first, second = Painter("a", Retryable("gone")), Painter("b")
    chain = makers(Ledger(), first, second)
    assert (await chain.animated(SCENE)).data == b"bb"
    assert (await chain.animated(SCENE)).data == b"bb"
    second.fails = [Retryable("gone")]
    with pytest.raises(Retryable, match="gone"):
        await chain.animated(SCENE)


async def test_the_last_error_is_told_when_none_can() -> None:
    chain = makers(Ledger(), Painter("a", Retryable("gone")), Painter("b", NeedsOwner("no-weights")))
    with pytest.raises(NeedsOwner, match="no-weights"):
        await chain.animated(SCENE)
    with pytest.raises(NeedsOwner, match="no-engine"):
        await makers(Ledger()).animated(SCENE)


async def test_pictures_are_made_larger() -> None:
    clip = await makers(Ledger(), Painter("a")).upscaled(Clip(b"x", Shape(64, 64), 5), Shape(128, 128))
    assert clip == Clip(b"xx", Shape(128, 128), 5)


async def test_an_avatar_that_nothing_animates_is_the_owners(bench: Bench) -> None:
    engines = Engines({"video": "illustrated"}, bench)
    with pytest.raises(NeedsOwner, match=r"photo avatars; these could: .*did"):
        await engines.video("photo", "ar", For(Ledger()))
    await engines.close()
