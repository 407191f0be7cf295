"""Compares voices without a network; see the README for what that is worth."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Self

import numpy as np

from core_pipeline.contracts.engines import Pcm
from core_pipeline.engines.speaker.spectral.features import SAMPLE_RATE, describe
from core_pipeline.engines.speaker.spectral.model import Model
from core_pipeline.media.pcm import resample
from errors import Impossible

LEAST_SECONDS = 1.0


class SpectralSpeaker:
    """Voiceprints are the seconds of speech and then the place along the model's directions."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @classmethod
    async def load(cls) -> Self:
        """Read the model without holding up the event loop."""
        return cls(await asyncio.to_thread(Model.load))

    async def voiceprint(self, speech: Pcm) -> list[float]:
        """Return what is characteristic of the voice in `speech`; `Impossible` for less than a second of speech."""
        return await asyncio.to_thread(self._voiceprint, speech)

    def likeness(self, one: Sequence[float], other: Sequence[float]) -> float:
        """Return in 0..1 how surely two voiceprints are of one speaker; `Impossible` for another engine's prints."""
        first, second = (self._checked(given) for given in (one, other))
        evidence = self._model.evidence(first[1:], second[1:], float(first[0]), float(second[0]))
        return self._model.likeness(evidence)

    async def close(self) -> None:
        """Release nothing: the model goes with the object."""

    def _voiceprint(self, speech: Pcm) -> list[float]:
        wide = resample(speech, SAMPLE_RATE)
        seconds, description = describe(np.frombuffer(wide.data, "<i2").astype(np.float32))
        if seconds < LEAST_SECONDS:
            raise Impossible("too-little-speech", f"{seconds:.1f} s of speech, {LEAST_SECONDS} are needed")
        return [round(seconds, 2), *(float(one) for one in self._model.place(description).round(4))]

    def _checked(self, voiceprint: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        if len(voiceprint) != 1 + len(self._model.between):
            raise Impossible("voiceprint-foreign", "another engine took this voiceprint: take the sample's anew")
        return np.array(voiceprint, dtype=np.float64)
