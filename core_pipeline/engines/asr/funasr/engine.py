"""FunASR as an engine: recordings in, transcripts out, several at once."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from pathlib import Path

import torch

from core_pipeline.arabic.language import detect
from core_pipeline.contracts.engines import Asr, Pcm, Transcript, Word
from core_pipeline.engines.asr.funasr import AT_ONCE, SPEC, FunAsrConfig
from core_pipeline.engines.asr.funasr.card import NANO, kind_of
from core_pipeline.engines.asr.funasr.loading import load
from core_pipeline.engines.asr.funasr.networks import Ctc, Nano, Network, Said
from core_pipeline.engines.pieces import pieces
from core_pipeline.engines.wrap.batch import BatchedAsr
from core_pipeline.media.pcm import peak, resample, samples
from errors import Impossible, NeedsOwner, SawtakError

RATE = 16_000
LONGEST, SEARCHED = 28.0, 10.0  # seconds of a piece, and of its end where the cut is looked for
SHORTEST = 0.1  # seconds
_QUIET = 10 ** (-50 / 20)  # what stays below is silence, in which a language model dreams


async def opened(config: FunAsrConfig, folder: Path) -> Asr:
    """Load the model in `folder`, which was checked. Raises NeedsOwner when it can't be used."""
    able = SPEC.languages_of(config.model_copy(update={"model": str(folder.resolve())}))
    if not able:
        raise NeedsOwner("languages-unknown", f"say in `languages` what the model in {folder.name} hears")
    model = await asyncio.to_thread(load, config, folder)
    network = Nano(model, config) if kind_of(folder) == NANO else Ctc(model)
    return BatchedAsr(ManyFunAsr(network, able, config.language), most=AT_ONCE)


class ManyFunAsr:
    """Hears several recordings at once; blocking, one call at a time."""

    def __init__(self, network: Network, able: frozenset[str], assumed: str) -> None:
        self._network: Network | None = network
        self._able = able
        self._assumed = assumed if assumed in able else min(able)

    def transcribe_many(
        self, speeches: Sequence[Pcm], languages: Sequence[str | None]
    ) -> list[Transcript | SawtakError]:
        """Return for each speech its words, or Impossible for a language that the model does not hear."""
        work = [
            (index, start, piece)
            for index, (speech, language) in enumerate(zip(speeches, languages, strict=True))
            if language is None or language in self._able
            for start, piece in pieces(resample(speech, RATE), LONGEST, SEARCHED)
            if piece.seconds >= SHORTEST and peak(piece) > _QUIET
        ]
        heard: list[list[tuple[float, Said]]] = [[] for _ in speeches]
        for first in range(0, len(work), AT_ONCE):
            batch = work[first : first + AT_ONCE]
            said = self._hear([piece for _, _, piece in batch], [languages[index] for index, _, _ in batch])
            for (index, start, _), one in zip(batch, said, strict=True):
                heard[index].append((start, one))
        return [
            _refusal(language) if language and language not in self._able else self._transcript(parts, language)
            for parts, language in zip(heard, languages, strict=True)
        ]

    def close(self) -> None:
        """Give the memory back."""
        self._network = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _hear(self, batch: Sequence[Pcm], languages: Sequence[str | None]) -> list[Said]:
        if self._network is None:
            raise RuntimeError("closed")
        return self._network.hear([samples(piece) for piece in batch], languages)

    def _transcript(self, heard: list[tuple[float, Said]], language: str | None) -> Transcript:
        spoken = [(start, said) for start, said in heard if said.text]
        text = " ".join(said.text for _, said in spoken)
        words = tuple(
            Word(word.text, start + word.start, start + word.end, word.confidence)
            for start, said in spoken
            for word in said.words
        )
        return Transcript(text, language or self._told_by(text), _together(spoken), words)

    def _told_by(self, text: str) -> str:
        """The language of a text for which none was asked: the model doesn't say."""
        found = detect(text)
        return found if found in self._able else self._assumed


def _together(spoken: list[tuple[float, Said]]) -> float | None:
    """Weigh by letters; 0.0 where nothing was heard, None where the network gives no confidence."""
    if not spoken:
        return 0.0
    weighed = [(said.confidence, len(said.text)) for _, said in spoken if said.confidence is not None]
    total = sum(count for _, count in weighed)
    return sum(trust * count for trust, count in weighed) / total if total else None


def _refusal(language: str) -> SawtakError:
    return Impossible("language", f"this FunASR model does not hear {language}")
