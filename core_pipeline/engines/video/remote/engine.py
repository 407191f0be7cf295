"""Shows faces through the workers in turn."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx

from core_pipeline.contracts.faces import Scene
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.video.remote import RemoteVideoConfig
from core_pipeline.engines.worker.ahead import ahead
from core_pipeline.engines.worker.client import RemoteVideo
from core_pipeline.engines.worker.line import Patience
from core_pipeline.engines.worker.pool import Pool
from errors import Impossible


class PooledVideo:
    """Several workers as one: one that is down is passed by until something was heard from it."""

    def __init__(self, config: RemoteVideoConfig, http: httpx.AsyncClient) -> None:
        self._config = config
        patience = Patience(config.connect, config.silence, config.timeout)
        self._pool = Pool.of(http, config.urls, config.token, patience)

    async def animate(self, scene: Scene) -> AsyncGenerator[Progress | bytes, None]:
        """Stream the film as it comes, telling how far it is; its bytes are a stranger's.

        Raises Impossible for a face that is no photo, a speech that is too long or a film of too many bytes, Retryable
        when no worker could or the stream broke off.
        """
        self._check(scene)
        got = 0
        async with aclosing(ahead(self._pool.stream(lambda line: RemoteVideo(line).animate(scene)))) as parts:
            async for part in parts:
                got += len(part) if isinstance(part, bytes) else 0
                if got > self._config.most_bytes:
                    raise Impossible("film-too-large", f"the worker sends more than {self._config.most_bytes} bytes")
                yield part

    async def probe(self) -> None:
        """Raise what is wrong when no worker is up, or it shows no faces."""
        await self._pool.check("video", frozenset())

    async def close(self) -> None:
        """Hold nothing: the client belongs to who gave it."""

    def _check(self, scene: Scene) -> None:
        if scene.face.kind != "photo":
            raise Impossible("face-kind", f"the workers animate photos, not {scene.face.kind} avatars")
        if scene.speech.seconds > self._config.longest:
            raise Impossible("speech-too-long", f"more than {self._config.longest:g} seconds at a time")
