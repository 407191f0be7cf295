"""Hears the demo restaurant's Arabic with onnxruntime: no torch, one thread, off the event loop."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from core_pipeline.contracts.engines import Pcm, Transcript, Word
from core_pipeline.engines.asr.demo.beam import Beam
from core_pipeline.engines.asr.demo.confidence import Curve, signs_of
from core_pipeline.engines.asr.demo.decode import HeardWord, words_of
from core_pipeline.engines.asr.demo.features import SAMPLE_RATE, Samples, log_mel, resample, stack
from core_pipeline.engines.asr.demo.pieces import cut

MODEL = Path(__file__).parent / "model.onnx"
_LANGUAGE = "ar"


@dataclass(frozen=True)
class Heard:
    """The words of one stretch of speech with the signs of their certainty; no words, no signs."""

    words: list[HeardWord]
    signs: tuple[float, ...]


class Recogniser:
    """The network with its tokens, its known words and its confidence curve, all from one file; blocking."""

    def __init__(self, model: Path = MODEL) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        properties: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        self._tokens = properties["tokens"].split()
        self._known = frozenset(properties["vocabulary"].split())
        self._beam = Beam(self._tokens, self._known)
        curve = json.loads(properties["confidence"])
        self.curve = Curve(tuple(curve["weights"]), curve["bias"])

    def hear(self, samples: Samples) -> Heard:
        """Return the words in samples on the 16-bit scale at 16 kHz."""
        log_posteriors = self._run(stack(log_mel(samples)))
        words = words_of(self._beam.best(log_posteriors), log_posteriors, self._tokens)
        return Heard(words, signs_of(words, log_posteriors, self._known) if words else ())

    def _run(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        outputs: list[Any] = self._session.run(None, {"frames": frames[None]})
        result: NDArray[np.float32] = outputs[0][0]
        return result


class DemoAsr:
    """The recogniser as an engine."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    async def load(cls, model: Path = MODEL) -> Self:
        """Load the network without holding up the event loop."""
        return cls(await asyncio.to_thread(Recogniser, model))

    async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:  # noqa: ARG002 - Arabic only
        """Return the words in `speech`; an empty text when there are none. It hears Arabic whatever was said."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._transcribe, speech)

    async def close(self) -> None:
        """Release nothing: the network goes with the object."""

    def _transcribe(self, speech: Pcm) -> Transcript:
        own = np.frombuffer(speech.data, dtype="<i2").astype(np.float32)
        samples = resample(own, speech.sample_rate).round()
        words: list[Word] = []
        weighed: list[tuple[float, int]] = []
        for piece in cut(samples):
            heard = self._recogniser.hear(samples[piece])
            if heard.words:
                confidence = self._recogniser.curve(heard.signs)
                weighed.append((confidence, len(heard.words)))
                words += [_word(word, piece.start / SAMPLE_RATE) for word in heard.words]
        text = " ".join(word.text for word in words)
        return Transcript(text, _LANGUAGE, _together(weighed), tuple(words))


def _word(word: HeardWord, offset: float) -> Word:
    return Word(word.text, offset + word.start, offset + word.end, min(word.posteriors))


def _together(weighed: list[tuple[float, int]]) -> float:
    """Weigh the pieces by their words; silence is no reason to trust."""
    total = sum(count for _, count in weighed)
    return sum(confidence * count for confidence, count in weighed) / total if total else 0.0
