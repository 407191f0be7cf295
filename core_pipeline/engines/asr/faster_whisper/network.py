"""Runs Whisper's network on windows of several recordings at once."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens, merge_punctuations
from numpy.typing import NDArray

from core_pipeline.contracts.engines import Word
from core_pipeline.engines.asr.faster_whisper.windows import RATE, Samples

_FRAMES = 3000
_FRAMES_PER_SECOND = 100
_REPETITIVE = 2.4  # how far a text compresses that goes round in circles
_OPENING, _CLOSING = "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、،؛؟"


@dataclass(frozen=True)
class Said:
    """What a window says; `trusted` is False when the network went round in circles."""

    text: str
    language: str
    log_probability: float
    no_speech: float
    trusted: bool
    words: tuple[Word, ...] = ()


@dataclass
class _Draft:
    tokens: list[int]
    log_probability: float
    no_speech: float
    text: str = ""
    words: list[Word] = field(default_factory=list)

    @property
    def circular(self) -> bool:
        raw = self.text.encode()
        return bool(raw) and len(raw) / len(zlib.compress(raw)) > _REPETITIVE


class Network:
    """A loaded model; every method blocks."""

    def __init__(self, model: WhisperModel, *, beam_size: int, most_tokens: int, word_times: bool) -> None:
        self._model, self._beam, self._most, self._timed = model, beam_size, most_tokens, word_times
        self.multilingual = bool(model.model.is_multilingual)
        self._tokenizer = cache(self._make_tokenizer)

    def features(self, sounds: Sequence[Samples]) -> NDArray[np.float32]:
        """Return (windows, bands, 3000) log-mel frames, silence added up to 30 s."""
        extract = self._model.feature_extractor
        return np.stack([pad_or_trim(extract(sound)[..., :-1], _FRAMES) for sound in sounds])

    def languages(self, features: NDArray[np.float32]) -> list[dict[str, float]]:
        """Return for each window the chance of every language that Whisper knows."""
        found = self._model.model.detect_language(self._model.encode(features))
        return [{token[2:-2]: float(chance) for token, chance in one} for one in found]

    def hear(self, sounds: Sequence[Samples], languages: Sequence[str]) -> list[Said]:
        """Return what each window says; one pass of the network for all of them, whatever their languages."""
        features = self.features(sounds)
        encoded = self._model.encode(features)
        drafts = self._drafted(encoded, languages)
        again = [index for index, draft in enumerate(drafts) if draft.circular]
        if again:
            part = encoded if len(again) == len(drafts) else self._model.encode(features[again])
            better = self._drafted(part, [languages[index] for index in again], careful=True)
            for index, draft in zip(again, better, strict=True):
                drafts[index] = draft
        if self._timed:
            self._time(features, encoded, drafts, languages, [sound.size / RATE for sound in sounds])
        return [
            Said(d.text, language, d.log_probability, d.no_speech, not d.circular, tuple(d.words))
            for d, language in zip(drafts, languages, strict=True)
        ]

    def close(self) -> None:
        """Give the memory back."""
        self._model.model.unload_model()

    def _drafted(self, encoded: Any, languages: Sequence[str], *, careful: bool = False) -> list[_Draft]:
        tokenizers = [self._tokenizer(language) for language in languages]
        prompts = [self._model.get_prompt(tokenizer, [], without_timestamps=True) for tokenizer in tokenizers]
        results = self._model.model.generate(
            encoded,
            prompts,
            beam_size=self._beam,
            max_length=min(self._model.max_length, len(prompts[0]) + self._most),
            suppress_blank=True,
            suppress_tokens=get_suppressed_tokens(tokenizers[0], [-1]),
            return_scores=True,
            return_no_speech_prob=True,
            no_repeat_ngram_size=3 if careful else 0,
        )
        return [_draft(result, tokenizer) for result, tokenizer in zip(results, tokenizers, strict=True)]

    def _time(
        self,
        features: NDArray[np.float32],
        encoded: Any,
        drafts: list[_Draft],
        languages: Sequence[str],
        seconds: list[float],
    ) -> None:
        """Give the drafts their words. Alignment takes one language at a time, so a mixed batch is encoded again."""
        for language in set(languages):
            rows = [index for index, one in enumerate(languages) if one == language]
            part = encoded if len(rows) == len(languages) else self._model.encode(features[rows])
            frames = [min(_FRAMES, max(1, round(seconds[row] * _FRAMES_PER_SECOND))) for row in rows]
            tokens = [drafts[row].tokens for row in rows]
            aligned = self._model.find_alignment(self._tokenizer(language), tokens, part, frames)
            for row, words in zip(rows, aligned, strict=True):
                merge_punctuations(words, _OPENING, _CLOSING)
                drafts[row].words = [_word(word, seconds[row]) for word in words if word["word"].strip()]

    def _make_tokenizer(self, language: str) -> Tokenizer:
        return Tokenizer(self._model.hf_tokenizer, self.multilingual, task="transcribe", language=language)


def _draft(result: Any, tokenizer: Tokenizer) -> _Draft:
    tokens = [token for token in result.sequences_ids[0] if token < tokenizer.eot]
    # The score is the mean over the text's tokens; the end of text counts, too.
    mean = result.scores[0] * len(result.sequences_ids[0]) / (len(result.sequences_ids[0]) + 1)
    return _Draft(tokens, float(mean), float(result.no_speech_prob), tokenizer.decode(tokens).strip())


def _word(found: dict[str, Any], longest: float) -> Word:
    start, end = (min(float(found[key]), longest) for key in ("start", "end"))
    return Word(found["word"].strip(), start, max(start, end), min(1.0, float(found["probability"])))
