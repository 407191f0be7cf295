"""Faces on other machines: the scene travels whole, the film comes back as it was made, within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from core_pipeline.contracts.engines import Word
from core_pipeline.contracts.faces import Face, Scene, Shape
from core_pipeline.contracts.specs import Bench, Progress
from core_pipeline.engines.video.remote import SPEC, RemoteVideoConfig
from core_pipeline.engines.video.remote.engine import PooledVideo
from core_pipeline.engines.worker.scenes import Animator
from core_pipeline.engines.worker.server import About, worker_app
from core_pipeline.engines.worker.serving import Listen, serving
from errors import Impossible, NeedsOwner, Retryable
from tests.engines.scenes import data_of, photo, scene

TOKEN = SecretStr("t")
DEAD = "http://127.0.0.1:1"


class Recorder:
    """An engine that keeps what it was asked, and sends that many kilobytes or fails after them."""

    def __init__(self, pieces: int = 3, fails: Exception | None = None) -> None:
        self.scenes: list[Scene] = []
        self.left = asyncio.Event()
        self._pieces, self._fails = pieces, fails

    async def animate(self, scene: Scene) -> AsyncGenerator[Progress | bytes, None]:
        self.scenes.append(scene)
        try:
            yield Progress("drawing", 0, scene.frames)
            for number in range(self._pieces):
                await asyncio.sleep(0)
                yield bytes([number % 256]) * 1000
            if self._fails:
                raise self._fails
        finally:
            self.left.set()

    async def close(self) -> None:
        return


@asynccontextmanager
async def worker(engine: Any) -> AsyncIterator[str]:
    """A worker on a port of this machine with that engine behind it; gives its address."""
    async with serving(worker_app({"video": Animator(engine)}, About("recorder"), TOKEN), Listen()) as served:
        yield served.address


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


def pooled(http: httpx.AsyncClient, *urls: str, **fields: Any) -> PooledVideo:
    return PooledVideo(RemoteVideoConfig(urls=list(urls), token=TOKEN, **fields), http)


async def test_the_scene_arrives_whole_and_the_film_comes_back(http: httpx.AsyncClient) -> None:
    far = Recorder()
    words = (Word("أهلا", 0.0, 0.5, 0.9), Word("بكم", 0.5, 1.0))
    asked = scene(
        face=photo(**{"avatar.toml": b'kind = "photo"'}),
        words=words,
        phonemes=(Word("a", 0.0, 0.1),),
        captions=words,
        emotion="worried",
        view="portrait",
        shape=Shape(576, 1024),
        first=50,
        seed=7,
    )
    async with worker(far) as url:
        parts = [part async for part in pooled(http, DEAD, url).animate(asked)]
    assert far.scenes == [asked]
    assert parts[0] == Progress("drawing", 0, asked.frames)
    assert data_of(parts) == b"\0" * 1000 + b"\1" * 1000 + b"\2" * 1000


async def test_a_film_of_too_many_bytes_is_not_read_to_its_end(http: httpx.AsyncClient) -> None:
    far = Recorder(pieces=100_000)
    async with worker(far) as url:
        with pytest.raises(Impossible, match="film-too-large"):
            [part async for part in pooled(http, url, most_bytes=2500).animate(scene())]
        await asyncio.wait_for(far.left.wait(), 5)


async def test_whoever_leaves_stops_the_worker(http: httpx.AsyncClient) -> None:
    far = Recorder(pieces=100_000)
    async with worker(far) as url:
        film = pooled(http, url).animate(scene())
        await anext(film)
        await film.aclose()
        await asyncio.wait_for(far.left.wait(), 5)


@pytest.mark.parametrize("fails", [Retryable("gpu-lost", "try again"), Impossible("no-face"), NeedsOwner("no-weights")])
async def test_what_the_worker_fails_with_is_ours(http: httpx.AsyncClient, fails: Exception) -> None:
    async with worker(Recorder(fails=fails)) as url:
        with pytest.raises(type(fails), match=str(fails)[:7]):
            [part async for part in pooled(http, url).animate(scene())]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (scene(face=Face("a", "illustrated", {"art.svg": b"<svg/>"})), "face-kind"),
        (scene(61.0, 8000), "speech-too-long"),
        (scene(face=photo(**{f"{n}.png": b"x" for n in range(6)})), "face-files"),
    ],
)
async def test_what_the_workers_can_not_do_is_refused_here(http: httpx.AsyncClient, asked: Scene, code: str) -> None:
    far = Recorder()
    async with worker(far) as url:
        with pytest.raises(Impossible) as refused:
            [part async for part in pooled(http, url).animate(asked)]
    assert refused.value.code == code
    assert far.scenes == []


async def test_probing_finds_workers_that_are_down_or_do_something_else(http: httpx.AsyncClient) -> None:
    assert SPEC.probe
    bench = Bench(Path(), http)
    async with worker(Recorder()) as url:
        await SPEC.probe(RemoteVideoConfig(urls=[url], token=TOKEN), bench)
        with pytest.raises(NeedsOwner, match="worker-token"):
            await SPEC.probe(RemoteVideoConfig(urls=[url], token=SecretStr("wrong")), bench)
    with pytest.raises(Retryable):
        await SPEC.probe(RemoteVideoConfig(urls=[DEAD], token=TOKEN), bench)
    with pytest.raises(NeedsOwner, match="no-worker"):
        await SPEC.probe(RemoteVideoConfig(), bench)
    app = worker_app({"upscale": Animator(Recorder())}, About("larger"), TOKEN)
    async with serving(app, Listen()) as other:
        with pytest.raises(NeedsOwner, match="not video"):
            await SPEC.probe(RemoteVideoConfig(urls=[other.address], token=TOKEN), bench)
