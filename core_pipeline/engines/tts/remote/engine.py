"""Speaks through the workers in turn."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import httpx

from core_pipeline.contracts.engines import Saying, Speech
from core_pipeline.engines.tts.remote import RemoteTtsConfig
from core_pipeline.engines.worker.ahead import ahead
from core_pipeline.engines.worker.client import RemoteTts
from core_pipeline.engines.worker.line import Patience
from core_pipeline.engines.worker.pool import Pool
from errors import Impossible, NeedsOwner, Retryable


class PooledTts:
    """Several workers as one voice: one that is down is passed by until the first sound."""

    def __init__(self, config: RemoteTtsConfig, http: httpx.AsyncClient) -> None:
        self._config = config
        patience = Patience(config.connect, config.silence, config.timeout)
        self._pool = Pool.of(http, config.urls, config.token, patience)

    async def speak(self, saying: Saying) -> AsyncGenerator[Speech, None]:
        """Stream the spoken text in order, all at one sample rate.

        Raises Impossible for a language that was not set, a text that is too long or a clone where none is made,
        NeedsOwner for an unknown voice, Retryable when no worker could or the stream broke off.
        """
        self._check(saying)
        saying = replace(saying, voice=saying.voice or self._config.voice or None)
        rate = 0
        async with aclosing(ahead(self._pool.stream(lambda line: RemoteTts(line).speak(saying)))) as parts:
            async for part in parts:
                rate = rate or part.pcm.sample_rate
                if part.pcm.sample_rate != rate:
                    raise Retryable("worker-garbled", "the sample rate changed within a saying", after=1.0)
                yield part

    async def forget(self, clone_id: str) -> None:
        """Make every worker drop what it keeps of that clone; raises when one could not be told."""
        await self._pool.each(lambda line: RemoteTts(line).forget(clone_id))

    async def probe(self) -> None:
        """Raise what is wrong when no worker is up, or they lack a language."""
        await self._pool.check("tts", frozenset(self._config.languages))

    async def close(self) -> None:
        """Hold nothing: the client belongs to who gave it."""

    def _check(self, saying: Saying) -> None:
        config = self._config
        if saying.language not in config.languages:
            raise Impossible("language", f"the workers speak {', '.join(config.languages)}, not {saying.language}")
        if len(saying.text) > config.longest_text:
            raise Impossible("text-too-long", f"{len(saying.text)} characters")
        if saying.clone and not config.clones:
            raise Impossible("no-cloning", "these workers speak by no example")
        if saying.voice and config.voices and saying.voice not in config.voices:
            raise NeedsOwner("unknown-voice", f"there are: {', '.join(config.voices)}")
