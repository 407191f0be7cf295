"""Puts a loaded worker to the test over its own protocol; what untrained weights say is noise, and that is fine."""

from __future__ import annotations

import asyncio
import math
import sys
import tempfile
import time
from array import array
from contextlib import aclosing
from pathlib import Path

import httpx

from core_pipeline.contracts.engines import Clone, Pcm, Saying, Speech
from core_pipeline.engines.worker.client import RemoteTts
from core_pipeline.engines.worker.line import Line, Patience
from core_pipeline.engines.worker.server import worker_app
from core_pipeline.engines.worker.serving import Listen, serving
from core_pipeline.engines.worker.standalone import Loaded
from errors import Impossible

TEXTS = {"ar": "أهلا بكم. نفتح الساعة العاشرة.", "en": "Welcome. We open at ten."}
_STEP = 60.0  # seconds that one step of a library may take on a CPU
PATIENCE = Patience(connect=5, silence=300, whole=600)


def example(seconds: float = 4.0, rate: int = 16_000) -> Clone:
    """A voice by example: a buzzing tone that rises and falls like a voice."""
    turns = (2 * math.pi * (140 + 30 * math.sin(n / rate * 3)) * n / rate for n in range(int(seconds * rate)))
    samples = array("h", (int(8000 * (math.sin(turn) + 0.5 * math.sin(2 * turn))) for turn in turns))
    return Clone("rehearsal", Pcm(samples.tobytes(), rate), TEXTS["en"])


async def put_to_the_test(loaded: Loaded, rate: int) -> None:
    """Speak, clone, leave in the middle, forget, refuse; exits with 1 at the first thing that is not as promised."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s"
        transport = httpx.AsyncHTTPTransport(uds=str(path))
        app = worker_app(loaded.engines, loaded.about)
        async with serving(app, Listen(uds=path)), httpx.AsyncClient(transport=transport) as http:
            line = Line(http, "http://worker", patience=PATIENCE)
            await _speaks(RemoteTts(line), rate)
            await _stops(line)
            await RemoteTts(line).forget("rehearsal")
            await _refuses(line)
    for engine in loaded.engines.values():
        await engine.close()


async def _speaks(voice: RemoteTts, rate: int) -> None:
    for language, text in TEXTS.items():
        start = time.monotonic()
        parts = [part async for part in voice.speak(Saying(text, language, clone=example()))]
        took, seconds = time.monotonic() - start, sum(part.pcm.seconds for part in parts)
        _expect({part.pcm.sample_rate for part in parts} == {rate}, f"all parts at {rate} Hz")
        _expect(_is_sound(parts), "there is sound in it")
        sys.stdout.write(f"{language}: {len(parts)} parts, {seconds:.2f} s of sound in {took:.1f} s\n")


async def _stops(line: Line) -> None:
    async with aclosing(RemoteTts(line).speak(Saying(TEXTS["en"] * 4, "en", clone=example()))) as parts:
        await anext(parts)
    deadline = time.monotonic() + _STEP
    while (await line.health()).busy and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    _expect((await line.health()).busy == 0, "a left stream frees its seat after the step that is under way")


async def _refuses(line: Line) -> None:
    try:
        async for _ in RemoteTts(line).speak(Saying("?", "xx")):
            pass
    except Impossible:
        return
    _expect(False, "an unknown language is refused")


def _is_sound(parts: list[Speech]) -> bool:
    return any(any(part.pcm.data) for part in parts)


def _expect(true: bool, promise: str) -> None:
    if not true:
        sys.exit(f"not as promised: {promise}")
