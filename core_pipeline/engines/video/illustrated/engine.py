"""Plays scenes with drawn avatars."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from core_pipeline.contracts.faces import Scene
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.filming.threads import FilmThreads, check_speech
from core_pipeline.engines.video.illustrated import IllustratedConfig
from core_pipeline.engines.video.illustrated.filming import film
from errors import Impossible


class IllustratedVideo:
    """Draws so many scenes at once as its configuration says; others wait their turn."""

    def __init__(self, config: IllustratedConfig) -> None:
        self._config = config
        self._threads = FilmThreads("illustrated", config.at_once)

    async def animate(self, scene: Scene) -> AsyncIterator[Progress | bytes]:
        """Stream the clip's data after its progress; a reader who leaves stops the drawing within a picture.

        Raises `Impossible`: "avatar-kind", "avatar-manifest", "avatar-art", "avatar-logo", "avatar-view" for the face,
        "film-shape" for the size, "speech-empty" and "speech-long" for a speech that it can't show.
        """
        if scene.face.kind != "illustrated":
            raise Impossible("avatar-kind", "this engine shows drawn avatars only")
        check_speech(scene, self._config.longest)
        async with aclosing(self._threads.stream(scene, film)) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        """Wait for what is being drawn and release everything."""
        await self._threads.close()
