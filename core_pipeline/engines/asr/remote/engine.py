"""Hears through the workers in turn."""

from __future__ import annotations

import httpx

from core_pipeline.contracts.engines import Pcm, Transcript
from core_pipeline.engines.asr.remote import RemoteAsrConfig
from core_pipeline.engines.worker.client import RemoteAsr
from core_pipeline.engines.worker.line import Patience
from core_pipeline.engines.worker.pool import Pool
from errors import Impossible


class PooledAsr:
    """Several workers as one recogniser: one that is down is passed by."""

    def __init__(self, config: RemoteAsrConfig, http: httpx.AsyncClient) -> None:
        self._languages = frozenset(config.languages)
        patience = Patience(config.connect, config.silence, config.timeout)
        self._pool = Pool.of(http, config.urls, config.token, patience)

    async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:
        """Return the words in `speech`; an empty text when there are none.

        Raises Impossible for a language that was not set, Retryable when no worker could.
        """
        if language is not None and language not in self._languages:
            raise Impossible("language", f"the workers hear {', '.join(sorted(self._languages))}, not {language}")
        return await self._pool.call(lambda line: RemoteAsr(line).transcribe(speech, language))

    async def probe(self) -> None:
        """Raise what is wrong when no worker is up, or they lack a language."""
        await self._pool.check("asr", self._languages)

    async def close(self) -> None:
        """Hold nothing: the client belongs to who gave it."""
