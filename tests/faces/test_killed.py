"""The renderer lives in a process of its own: its death is told, and the next film is drawn by a new one."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from avatars.catalogue import find
from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.faces import Face, Scene, Shape
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.residency import Residency
from core_pipeline.engines.router import Engines, For
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.media.film.facts import facts
from errors import Retryable


@pytest.fixture
async def engines(tmp_path: Path) -> AsyncIterator[tuple[Engines, Residency]]:
    async with httpx.AsyncClient() as http, Residency(2 << 30, tmp_path) as residency:
        engines = Engines({"video": "illustrated,photo"}, Bench(tmp_path, http), residency=residency)
        yield engines, residency
        await engines.close()


def scene(seconds: float) -> Scene:
    avatar = find("salma")
    face = Face(avatar.slug, "illustrated", avatar.files)
    return Scene(face, "square", Shape(256, 256), Pcm(bytes(range(256)) * int(125 * seconds), 16_000))


async def test_killing_the_renderer_is_told_and_the_next_one_draws(engines: tuple[Engines, Residency]) -> None:
    router, residency = engines
    makers = await router.video("illustrated", "ar", For(Ledger()))
    drawn = asyncio.Event()

    def told(done: int) -> None:
        drawn.set()

    film = asyncio.create_task(makers.animated(scene(60.0), told))
    async with asyncio.timeout(30):
        await drawn.wait()
    [renderer] = residency.figures()
    os.kill(renderer.pid, signal.SIGKILL)
    with pytest.raises(Retryable):
        await film
    clip = await (await router.video("illustrated", "ar", For(Ledger()))).animated(scene(1.0))
    assert facts(clip.data).frames == clip.frames == 25
    assert residency.figures()[0].crashes == 1


async def test_leaving_off_stops_the_renderer(engines: tuple[Engines, Residency]) -> None:
    router, residency = engines
    drawn = asyncio.Event()
    makers = await router.video("illustrated", "ar", For(Ledger()))
    film = asyncio.create_task(makers.animated(scene(60.0), lambda _: drawn.set()))
    async with asyncio.timeout(30):
        await drawn.wait()
    film.cancel()
    with pytest.raises(asyncio.CancelledError):
        await film
    async with asyncio.timeout(10):
        while residency.figures()[0].busy:
            await asyncio.sleep(0.05)
