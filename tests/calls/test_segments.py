"""Sentences become films with their own sound in time, or are only heard."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from time import perf_counter

import av
import httpx
import numpy as np
import pytest

from avatars.catalogue import find
from core_pipeline.calls import segments
from core_pipeline.calls.segments import Segments
from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.faces import Face, Shape
from core_pipeline.contracts.legs import Spoken
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.router import Engines, For
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.engines.wrap.pictured import Makers
from core_pipeline.media.sandbox import Sandbox
from errors import NeedsOwner

RATE = 22050


def spoken(seconds: float = 0.6) -> Spoken:
    tone = (np.sin(np.arange(int(seconds * RATE)) * 0.1) * 9000).astype("<i2").tobytes()
    return Spoken("أهلا وسهلا", "ar", Pcm(tone, RATE))


class PaperStudio:
    """A studio that never draws, or refuses to."""

    def __init__(self, wait: float = 0.0, error: Exception | None = None) -> None:
        self._wait, self._error, self.asked = wait, error, 0

    async def video(self, faces: str, language: str, order: For) -> Makers:
        self.asked += 1
        if self._error is not None:
            raise self._error
        await asyncio.Event().wait()
        raise AssertionError(faces)

    def wait(self, faces: str) -> float:
        return self._wait


@pytest.fixture
async def engines(tmp_path: Path) -> AsyncIterator[Engines]:
    async with httpx.AsyncClient() as http:
        made = Engines({"video": "illustrated"}, Bench(tmp_path, http))
        yield made
        await made.close()


@pytest.fixture
def face() -> Face:
    avatar = find("salma")
    return Face(avatar.slug, avatar.manifest.kind, avatar.files)


async def test_each_sentence_is_a_film_with_its_sound(engines: Engines, face: Face) -> None:
    films = Segments(engines, Sandbox(), For(Ledger(), "t"), face, shape=Shape(128, 128))
    began = perf_counter()
    made = [await films.of(spoken()), await films.of(spoken(1.0))]
    for film, seconds in zip(made, (0.6, 1.0), strict=True):
        assert film is not None
        with av.open(io.BytesIO(film), "r") as box:
            sound = sum(frame.samples for frame in box.decode(audio=0)) / box.streams.audio[0].rate
        with av.open(io.BytesIO(film), "r") as box:
            pictures = len(list(box.decode(video=0)))
        assert pictures == round(seconds * 25)
        assert sound == pytest.approx(seconds, abs=0.06)
    assert perf_counter() - began < 20


async def test_what_cannot_be_drawn_in_time_is_only_heard(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SECONDS", 0.05)
    monkeypatch.setattr(segments, "PER_SECOND", 0.0)
    studio = PaperStudio()
    films = Segments(studio, Sandbox(), For(Ledger(), "t"), face)
    assert [await films.of(spoken()) for _ in range(4)] == [None] * 4
    assert studio.asked == segments.GIVE_UP


@pytest.mark.parametrize("studio", [PaperStudio(wait=60.0), PaperStudio(error=NeedsOwner("no-engine"))])
async def test_without_an_engine_that_has_time_nobody_waits(face: Face, studio: PaperStudio) -> None:
    films = Segments(studio, Sandbox(), For(Ledger(), "t"), face)
    assert await films.of(spoken()) is None


async def test_there_is_no_film_of_silence(engines: Engines, face: Face) -> None:
    films = Segments(engines, Sandbox(), For(Ledger(), "t"), face)
    assert await films.of(Spoken("", "ar", Pcm(b"", RATE))) is None
