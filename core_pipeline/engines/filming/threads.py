"""Scenes filmed in threads; what draws and encodes them lets Python go on meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TypeAlias

from core_pipeline.contracts.faces import Scene
from core_pipeline.contracts.specs import Progress
from errors import Impossible

Tell: TypeAlias = Callable[[Progress], None]
Left: TypeAlias = Callable[[], bool]
Film: TypeAlias = Callable[[Scene, Tell, Left], bytes]

_CHUNK = 65_536


class FilmThreads:
    """Films `at_once` scenes at once; others wait their turn."""

    def __init__(self, name: str, at_once: int) -> None:
        # ThorVG keeps memory for each thread that ever drew: a few lasting ones, not one a scene.
        self._threads = ThreadPoolExecutor(at_once, name)

    async def stream(self, scene: Scene, film: Film) -> AsyncGenerator[Progress | bytes, None]:
        """Yield what `film` tells, then the data it returns; raises what it raises.

        `film` runs in a thread and learns of a reader who left by its last argument; the stream waits until it returns.
        """
        loop, news, left = asyncio.get_running_loop(), asyncio.Queue[Progress | None](), Event()

        def tell(progress: Progress | None) -> None:
            if not left.is_set():
                loop.call_soon_threadsafe(news.put_nowait, progress)

        job = self._threads.submit(_work, scene, film, tell, left)
        work = asyncio.wrap_future(job)
        try:
            while (progress := await news.get()) is not None:
                yield progress
            data = await work
            for start in range(0, len(data), _CHUNK):
                yield data[start : start + _CHUNK]
        finally:
            left.set()
            job.cancel()
            await asyncio.wait([work])  # a picture at most
            _ = work.cancelled() or work.exception()

    async def close(self) -> None:
        """Wait for what is being filmed and release everything."""
        await asyncio.to_thread(self._threads.shutdown)


def check_speech(scene: Scene, longest: float) -> None:
    """Raise `Impossible` "speech-empty" and "speech-long" for a speech of no picture or of more seconds."""
    if scene.speech.sample_rate < 1 or scene.frames < 1:
        raise Impossible("speech-empty", "there is no sound to speak to")
    if scene.speech.seconds > longest:
        raise Impossible("speech-long", f"a scene lasts {longest:.0f} s at most")


def _work(scene: Scene, film: Film, tell: Callable[[Progress | None], None], left: Event) -> bytes:
    try:
        return film(scene, tell, left.is_set)
    finally:
        tell(None)
