"""Whisper as an engine: recordings in, transcripts out, several at once."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import ctranslate2
from faster_whisper import WhisperModel

from core_pipeline.contracts.engines import Asr, Pcm, Transcript, Word
from core_pipeline.engines.asr.faster_whisper import AT_ONCE, SPEC, FasterWhisperConfig
from core_pipeline.engines.asr.faster_whisper.network import Network, Said
from core_pipeline.engines.asr.faster_whisper.windows import RATE, Samples, windows
from core_pipeline.engines.whisper import confidence
from core_pipeline.engines.wrap.batch import BatchedAsr
from core_pipeline.media.pcm import resample, samples
from errors import Impossible, NeedsOwner, SawtakError

_NOBODY = (0.6, -1.0)  # Whisper's own rule for a window that says nothing: no_speech above, log probability below


async def opened(config: FasterWhisperConfig, folder: Path) -> Asr:
    """Load the model in `folder`, which is there. Raises NeedsOwner when it can't be used."""
    return BatchedAsr(await asyncio.to_thread(load, config, folder), most=AT_ONCE)


def load(config: FasterWhisperConfig, folder: Path) -> ManyWhisper:
    """Load the model in `folder`, blocking. Raises NeedsOwner when it can't be used."""
    if config.device == "cuda" and ctranslate2.get_cuda_device_count() == 0:
        raise NeedsOwner("no-gpu", "no NVIDIA GPU is usable here: set `device` to auto or cpu")
    try:
        model = WhisperModel(
            str(folder),
            device=config.device,
            compute_type=config.compute_type,
            cpu_threads=config.threads,
            local_files_only=True,
        )
        fits = model.feature_extractor.mel_filters.shape[0] == model.model.n_mels
    except Exception as error:  # the libraries below raise bare ones for files they can't read
        raise _unusable(folder, type(error).__name__) from error
    if not fits:
        raise _unusable(folder, "preprocessor_config.json is missing or of another model")
    network = Network(model, beam_size=config.beam_size, most_tokens=config.most_tokens, word_times=config.word_times)
    return ManyWhisper(network, config)


class ManyWhisper:
    """Hears several recordings at once; blocking, one call at a time."""

    def __init__(self, network: Network, config: FasterWhisperConfig) -> None:
        self._network, self._assumed = network, config.language
        self._able = SPEC.languages_of(config) if network.multilingual else frozenset({"en"})

    def transcribe_many(
        self, speeches: Sequence[Pcm], languages: Sequence[str | None]
    ) -> list[Transcript | SawtakError]:
        """Return for each speech its words, or Impossible for a language that the model does not hear."""
        heard: dict[int, list[tuple[slice, Said]]] = defaultdict(list)
        known = {index: language for index, language in enumerate(languages) if language in self._able}
        work = self._work(speeches, languages)
        for first in range(0, len(work), AT_ONCE):
            for (index, window, _), said in self._hear(work[first : first + AT_ONCE], known):
                heard[index].append((window, said))
        return [
            _refusal(language)
            if language and language not in self._able
            else _transcript(heard[index], known.get(index, self._silent))
            for index, language in enumerate(languages)
        ]

    def close(self) -> None:
        """Give the memory back."""
        self._network.close()

    @property
    def _silent(self) -> str:
        return self._assumed if self._assumed in self._able else min(self._able)

    def _work(self, speeches: Sequence[Pcm], languages: Sequence[str | None]) -> list[_Window]:
        """All windows of all recordings in order; none of those whose language the model does not hear."""
        work = []
        for index, (speech, language) in enumerate(zip(speeches, languages, strict=True)):
            if language is None or language in self._able:
                sound = samples(resample(speech, RATE))
                work += [(index, window, sound[window]) for window in windows(sound)]
        return work

    def _hear(self, work: list[_Window], known: dict[int, str]) -> list[tuple[_Window, Said]]:
        """Hear windows; `known` gets the languages of the recordings that it lacks."""
        unknown = [window for window in work if window[0] not in known]
        if unknown:
            known.update(self._detected(unknown))
        said = self._network.hear([sound for _, _, sound in work], [known[index] for index, _, _ in work])
        return list(zip(work, said, strict=True))

    def _detected(self, work: list[_Window]) -> dict[int, str]:
        if not self._network.multilingual:
            return {index: "en" for index, _, _ in work}
        chances: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        found = self._network.languages(self._network.features([sound for _, _, sound in work]))
        for (index, _, _), chance in zip(work, found, strict=True):
            for language in self._able & chance.keys():
                chances[index][language] += chance[language]
        return {index: max(sums, key=lambda language: sums[language]) for index, sums in chances.items()}


_Window = tuple[int, slice, Samples]


def _transcript(heard: list[tuple[slice, Said]], language: str) -> Transcript:
    spoken = [(window, said) for window, said in heard if said.text and not _nobody(said)]
    total = sum(window.stop - window.start for window, _ in spoken)
    trust = sum(_trust(said) * (window.stop - window.start) for window, said in spoken) / total if total else 0.0
    words = tuple(
        Word(word.text, window.start / RATE + word.start, window.start / RATE + word.end, word.confidence)
        for window, said in spoken
        for word in said.words
    )
    return Transcript(" ".join(said.text for _, said in spoken), language, trust, words)


def _nobody(said: Said) -> bool:
    return said.no_speech > _NOBODY[0] and said.log_probability < _NOBODY[1]


def _trust(said: Said) -> float:
    return confidence(said.log_probability, said.no_speech) if said.trusted else 0.0


def _refusal(language: str) -> SawtakError:
    return Impossible("language", f"this Whisper model does not hear {language}")


def _unusable(folder: Path, why: str) -> SawtakError:
    return NeedsOwner(
        "weights-broken",
        f"the Whisper model in {folder.name} can't be loaded ({why}): delete the folder and run `cli.py doctor --pull`",
    )
