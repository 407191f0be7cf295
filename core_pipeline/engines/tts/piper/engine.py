"""Speaks with Piper's voices through a child process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

from core_pipeline.contracts.engines import Saying, Speech
from core_pipeline.engines.cloning import refuse_clone
from core_pipeline.engines.tts.piper import PiperConfig
from core_pipeline.engines.tts.piper.voices import choose, corrupt, missing
from core_pipeline.engines.voice_process.sayings import VoiceProcess
from errors import Impossible, NeedsOwner, SawtakError

_MODULE = "core_pipeline.engines.tts.piper.process"
_SLOWEST, _FASTEST = 0.5, 2.5


class PiperTts:
    """One process for all voices; sayings queue for it, and a slow listener holds up nobody else."""

    def __init__(self, config: PiperConfig, var: Path) -> None:
        self._config, self._var = config, var
        self._process = VoiceProcess(_MODULE, config.timeout, _refusal)

    @property
    def pid(self) -> int | None:
        """The process that speaks, while there is one."""
        return self._process.pid

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        """Stream the spoken text sentence by sentence; nothing when there is nothing to say.

        Words and phonemes are timed where the voice tells. Raises Retryable when the process ended or hung (the next
        saying gets a fresh one), NeedsOwner for a voice that is missing, broken or unknown, Impossible for a language
        without a voice, a voice to clone or a text that is too long.
        """
        async with aclosing(self._process.speak(self._request(saying))) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        """End the process."""
        await self._process.close()

    def _request(self, saying: Saying) -> dict[str, Any]:
        refuse_clone(saying, "piper")
        voice = choose(saying, self._config, self._var)
        if len(saying.text) > self._config.longest_text:
            raise Impossible("text-too-long", f"{len(saying.text)} characters")
        return {
            "text": saying.text,
            "model": str(voice.model.resolve()),
            "speaker": voice.speaker,
            "rate": min(_FASTEST, max(_SLOWEST, saying.rate)),
            "pause": self._config.pause,
            "timed": saying.timed,
        }


def _refusal(header: dict[str, Any]) -> SawtakError:
    model = Path(header["detail"])
    if header["error"] == "voice-missing":
        return missing(model)
    if header["error"] == "voice-corrupt":
        return corrupt(model)
    return NeedsOwner("unknown-voice", f"{model.stem} has no such speaker")
