"""What a process of its own costs an engine: a call through the child against the same engine here, in one run.

Also: seconds to load and to unload, and what callers wait when tenants and priorities contend for one engine.

Run: .venv/bin/python -m bench.residency
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from core_pipeline.contracts.engines import Asr, Pcm, Saying, Tts
from core_pipeline.contracts.specs import Bench, Priority
from core_pipeline.engines.asr.demo import SPEC as DEMO
from core_pipeline.engines.residency import Residency, Terms
from core_pipeline.engines.tts.espeak import SPEC as ESPEAK

MIB = 1 << 20
SIZE = 200 * MIB
ROUNDS, LOADS, FLOOD = 60, 5, 60
QUESTION = Saying("ما هي ساعات العمل يوم الجمعة", "ar", voice="ar+f5")
HEAVY = replace(DEMO, heavy=True, memory=lambda _: SIZE)
VOICE = replace(ESPEAK, heavy=True, memory=lambda _: SIZE)


async def spoken(voice: Tts) -> Pcm:
    """The whole question."""
    parts = [part.pcm async for part in voice.speak(QUESTION)]
    return Pcm(b"".join(part.data for part in parts), parts[0].sample_rate)


async def once(deed: Callable[[], Awaitable[object]]) -> float:
    """How long it took, in milliseconds."""
    start = time.perf_counter()
    await deed()
    return (time.perf_counter() - start) * 1000


async def compare(name: str, here: Callable[[], Awaitable[object]], there: Callable[[], Awaitable[object]]) -> None:
    """Print one line; both take turns, so that a busy machine slows both."""
    times: dict[str, list[float]] = {"here": [], "there": []}
    for _ in range(5):
        await here()
        await there()
    for _ in range(ROUNDS):
        times["here"].append(await once(here))
        times["there"].append(await once(there))
    one, other = (statistics.median(times[place]) for place in ("here", "there"))
    print(
        f"{name:28} here {one:7.2f} ms   in a child {other:7.2f} ms   ratio {other / one:5.2f}   +{other - one:.2f} ms"
    )


async def overhead(residency: Residency, bench: Bench) -> Pcm:
    """Compare calls of our two small engines; returns the question as sound."""
    ears_here: Asr = await DEMO.open(DEMO.config(), bench)
    voice_here: Tts = await ESPEAK.open(ESPEAK.config(), bench)
    ears = residency.asr(HEAVY, DEMO.config(), "t", Priority.CALL)
    voice = residency.tts(VOICE, ESPEAK.config(), "t", Priority.CALL)
    question = await spoken(voice_here)
    nothing = Pcm(bytes(3200), 16_000)
    await compare("hear 0.1 s of silence", lambda: ears_here.transcribe(nothing), lambda: ears.transcribe(nothing))
    await compare("hear the question", lambda: ears_here.transcribe(question), lambda: ears.transcribe(question))
    await compare("speak the question", lambda: spoken(voice_here), lambda: spoken(voice))
    await ears_here.close()
    await voice_here.close()
    return question


async def loading(folder: Path) -> None:
    """Print how long it takes to load and to make room."""
    async with Residency(SIZE, folder) as residency:
        cold: list[float] = []
        swapped: list[float] = []
        for number in range(LOADS):
            ears = residency.asr(HEAVY, DEMO.config(), "t", Priority.NOTE)
            (cold if number == 0 else swapped).append(await once(lambda: residency.warm(HEAVY, DEMO.config())))
            await ears.transcribe(Pcm(bytes(3200), 16_000))
            swapped.append(await once(lambda: residency.warm(VOICE, ESPEAK.config())))
        loads = [one.load_seconds * 1000 for one in residency.figures()]
    print(f"load when there is room {cold[0]:.0f} ms; end another and load {statistics.median(swapped):.0f} ms")
    print(f"of which loading {', '.join(f'{ms:.0f}' for ms in loads)} ms (recogniser, voice)")


async def contention(folder: Path, question: Pcm) -> None:
    """Print what three tenants wait while one of them floods the recogniser, by tenant and priority."""
    waits: defaultdict[str, list[float]] = defaultdict(list)
    async with Residency(SIZE, folder, Terms(places=FLOOD * 2)) as residency:
        await residency.warm(HEAVY, DEMO.config())

        async def use(tenant: str, priority: Priority, after: float) -> None:
            await asyncio.sleep(after)
            ears = residency.asr(HEAVY, DEMO.config(), tenant, priority)
            waits[f"{tenant} {priority.name}"].append(await once(lambda: ears.transcribe(question)))

        flood = [use("flood", Priority.NOTE, 0.0) for _ in range(FLOOD)]
        others = [use("other", Priority.NOTE, 0.05 * n) for n in range(8)]
        calls = [use("other", Priority.CALL, 0.02 + 0.05 * n) for n in range(8)]
        start = time.perf_counter()
        await asyncio.gather(*flood, *others, *calls)
        seconds = time.perf_counter() - start
    print(f"{FLOOD + 16} uses of one recogniser in {seconds:.2f} s:")
    for who, times in waits.items():
        ordered = sorted(times)
        print(f"  {who:12} n={len(times):2}  p50 {statistics.median(times):6.0f} ms   worst {ordered[-1]:6.0f} ms")


async def main() -> None:
    """Run everything."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with httpx.AsyncClient() as http, Residency(4 * SIZE, folder) as residency:
            question: Any = await overhead(residency, Bench(folder, http))
        await loading(folder)
        await contention(folder, question)


if __name__ == "__main__":
    asyncio.run(main())
