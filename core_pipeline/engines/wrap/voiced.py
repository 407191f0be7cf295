"""Voices that belong to one engine: the others of the chain speak with their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core_pipeline.engines.wrap.flowing import flowing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core_pipeline.contracts.engines import Clone, Saying, Speech, Tts
    from core_pipeline.contracts.specs import EngineSpec


@dataclass(frozen=True)
class Voice:
    """The voice that a tenant chose: a name that `engine` knows, or a voice by example for any engine that clones."""

    engine: str | None = None
    name: str | None = None
    clone: Clone | None = None


class VoicedTts:
    """Speaks with the chosen voice where the engine has or can clone it, else with the engine's own."""

    def __init__(self, inner: Tts, spec: EngineSpec[Any], voice: Voice | None) -> None:
        self.inner, self.spec, self.voice = inner, spec, voice or Voice()

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        """Stream the spoken text."""
        own = self.voice.name if self.spec.name == self.voice.engine else None
        clone = self.voice.clone if self.spec.clones else None
        async with flowing(self.inner.speak(replace(saying, voice=own, clone=clone))) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        """Leave the wrapped engine to its owner."""
