"""Speaks Arabic and English through a child process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from core_pipeline.contracts.engines import Saying, Speech
from core_pipeline.engines.cloning import refuse_clone
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.voice_process.sayings import VoiceProcess
from errors import Impossible, NeedsOwner

_MODULE = "core_pipeline.engines.tts.espeak.process"
_LANGUAGES = frozenset({"ar", "en"})
_SLOWEST, _FASTEST = 80, 450
_HIGHEST_PITCH = 99
_NORMAL_PITCH = 50


class EspeakTts:
    """One voice process; sayings queue for it, and a slow listener holds up nobody else."""

    def __init__(self, config: EspeakConfig) -> None:
        self._config = config
        self._process = VoiceProcess(_MODULE, config.timeout, _refusal)

    @property
    def pid(self) -> int | None:
        """The process that speaks, while there is one."""
        return self._process.pid

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        """Stream the spoken text, one run of one script after the other; nothing when there is nothing to say.

        Raises Retryable when the process ended or hung (the next saying gets a fresh one), NeedsOwner for an unknown
        voice, Impossible for a language it doesn't speak, a voice to clone or a text that is too long.
        """
        async with aclosing(self._process.speak(self._request(saying))) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        """End the process."""
        await self._process.close()

    def _request(self, saying: Saying) -> dict[str, Any]:
        refuse_clone(saying, "espeak")
        if saying.language not in _LANGUAGES:
            raise Impossible("language", f"espeak speaks ar and en here, not {saying.language}")
        if len(saying.text) > self._config.longest_text:
            raise Impossible("text-too-long", f"{len(saying.text)} characters")
        _, _, variant = (saying.voice or self._config.voice).partition("+")
        return {
            "text": saying.text,
            "language": saying.language,
            "variant": variant,
            "rate": round(min(_FASTEST, max(_SLOWEST, self._config.words_per_minute * saying.rate))),
            "pitch": round(min(_HIGHEST_PITCH, max(0, _NORMAL_PITCH * saying.pitch))),
            "range": 50,
            "volume": 100,
            "vocalise": True,
        }


def _refusal(header: dict[str, Any]) -> NeedsOwner:
    del header
    return NeedsOwner("unknown-voice", "espeak-ng has no such variant")
