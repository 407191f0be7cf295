"""Talking photographs: milliseconds a picture, and processor seconds, wall seconds and KiB for a second of film.

Run: .venv/bin/python -m bench.photo
"""

from __future__ import annotations

import asyncio
import resource
import tempfile
import time
from pathlib import Path

from bench.media import babble
from core_pipeline.contracts.engines import Word
from core_pipeline.contracts.faces import Scene, Shape, Video, View
from core_pipeline.engines.acting.performance import Performance
from core_pipeline.engines.video.photo import SPEC
from core_pipeline.engines.video.photo.cast import Cast
from tests.faces.photo_drawn import painted
from tests.factories import bench

SECONDS, SETTLED, AGAIN = 10.0, 20, 180
SHAPES: dict[str, tuple[View, Shape]] = {
    "square 512": ("square", Shape(512, 512)),
    "note 640": ("note", Shape(640, 640)),
    "portrait 576x1024": ("portrait", Shape(576, 1024)),
}


def scene_of(view: View, shape: Shape, seconds: float = SECONDS) -> Scene:
    """A painted person who says the same syllables all the time."""
    sounds = tuple(Word("mˈalu"[at % 5], at * 0.1, at * 0.1 + 0.1) for at in range(int(seconds * 10)))
    return Scene(painted(), view, shape, babble(seconds), phonemes=sounds)


def picture_times(scene: Scene) -> tuple[float, float]:
    """Return milliseconds of processor time to make a face ready and for one of its pictures."""
    start = time.thread_time()
    puppet = Cast().puppet(scene.face, scene.view, scene.shape)
    ready = time.thread_time() - start
    performance, stage = Performance(scene), puppet.stage()
    start = time.thread_time()
    for number in range(100):
        puppet.picture(performance.pose(number), stage)
    return ready * 1e3, (time.thread_time() - start) * 10


async def film_times(engine: Video, scene: Scene) -> tuple[float, float, float]:
    """Return processor seconds, wall seconds and KiB for each second of film."""
    processor, wall = time.process_time(), time.perf_counter()
    size = sum([len(part) async for part in engine.animate(scene) if isinstance(part, bytes)])
    took = time.process_time() - processor, time.perf_counter() - wall, size / 1024
    return took[0] / SECONDS, took[1] / SECONDS, took[2] / SECONDS


def resident() -> float:
    """Return this process's memory in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / (1 << 20)


async def main() -> None:
    """Print the table."""
    print("| shape | ready ms | picture ms | CPU-s/s | wall s/s | KiB/s | RSS MiB |")
    with tempfile.TemporaryDirectory() as folder:
        ready = bench(Path(folder))
        async with ready.http:
            engine = await SPEC.open(SPEC.config(), ready)
            for name, (view, shape) in SHAPES.items():
                scene = scene_of(view, shape)
                once, each = picture_times(scene)
                processor, wall, size = await film_times(engine, scene)
                row = f"{once:.0f} | {each:.1f} | {processor:.3f} | {wall:.3f} | {size:.0f} | {resident():.0f}"
                print(f"| {name} | {row} |")
            await flat(engine)
            await engine.close()


async def flat(engine: Video) -> None:
    """Print how memory grows over many short films."""
    short = scene_of("square", Shape(512, 512), 0.4)
    for _ in range(SETTLED):
        await film_times(engine, short)
    before = resident()
    for _ in range(AGAIN):
        await film_times(engine, short)
    print(f"{AGAIN} short films more: {resident() - before:+.1f} MiB of {before:.0f}")


if __name__ == "__main__":
    asyncio.run(main())
