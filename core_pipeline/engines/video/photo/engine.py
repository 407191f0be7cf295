"""Plays scenes with photographed avatars."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import partial

from core_pipeline.contracts.faces import Scene
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.filming.threads import FilmThreads, check_speech
from core_pipeline.engines.video.photo import PhotoConfig
from core_pipeline.engines.video.photo.cast import Cast
from core_pipeline.engines.video.photo.filming import film
from errors import Impossible


class PhotoVideo:
    """Animates so many scenes at once as its configuration says; others wait their turn."""

    def __init__(self, config: PhotoConfig) -> None:
        self._config = config
        self._film = partial(film, Cast())
        self._threads = FilmThreads("photo", config.at_once)

    async def animate(self, scene: Scene) -> AsyncIterator[Progress | bytes]:
        """Stream the clip's data after its progress; a reader who leaves stops the work within a picture.

        Raises `Impossible`: "avatar-kind", "avatar-manifest", "avatar-picture", "points-missing", "points-misplaced"
        and "view-without-face" for a face, "film-shape" for a size, "speech-empty" and "speech-long" for a speech that
        it can't show.
        """
        if scene.face.kind != "photo":
            raise Impossible("avatar-kind", "this engine shows photographs only")
        check_speech(scene, self._config.longest)
        async with aclosing(self._threads.stream(scene, self._film)) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        """Wait for what is being drawn and release everything."""
        await self._threads.close()
