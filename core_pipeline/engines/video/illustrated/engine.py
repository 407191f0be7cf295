"""Plays scenes in threads of its own; ThorVG and x264 let Python go on meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from core_pipeline.contracts.faces import Scene
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.video.illustrated import IllustratedConfig
from core_pipeline.engines.video.illustrated.filming import film
from errors import Impossible

_CHUNK = 65_536


class IllustratedVideo:
    """Draws so many scenes at once as its configuration says; others wait their turn."""

    def __init__(self, config: IllustratedConfig) -> None:
        self._config = config
        # ThorVG keeps memory for each thread that ever drew: a few lasting ones, not one a scene.
        self._threads = ThreadPoolExecutor(config.at_once, "illustrated")

    async def animate(self, scene: Scene) -> AsyncIterator[Progress | bytes]:
        """Stream the clip's data after its progress; a reader who leaves stops the drawing within a picture.

        Raises `Impossible`: "avatar-kind", "avatar-manifest", "avatar-art", "avatar-logo", "avatar-view" for the face,
        "film-shape" for the size, "speech-empty" and "speech-long" for a speech that it can't show.
        """
        self._check(scene)
        loop, news, left = asyncio.get_running_loop(), asyncio.Queue[Progress | None](), Event()

        def tell(progress: Progress | None) -> None:
            if not left.is_set():
                loop.call_soon_threadsafe(news.put_nowait, progress)

        job = self._threads.submit(_work, scene, tell, left)
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
        """Wait for what is being drawn and release everything."""
        await asyncio.to_thread(self._threads.shutdown)

    def _check(self, scene: Scene) -> None:
        if scene.face.kind != "illustrated":
            raise Impossible("avatar-kind", "this engine shows drawn avatars only")
        if scene.speech.sample_rate < 1 or scene.frames < 1:
            raise Impossible("speech-empty", "there is no sound to speak to")
        if scene.speech.seconds > self._config.longest:
            raise Impossible("speech-long", f"a scene lasts {self._config.longest:.0f} s at most")


def _work(scene: Scene, tell: Callable[[Progress | None], None], left: Event) -> bytes:
    try:
        return film(scene, tell, left.is_set)
    finally:
        tell(None)
