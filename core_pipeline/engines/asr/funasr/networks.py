"""Runs the two kinds of network that we know on several pieces of speech at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import Any, Protocol

import numpy as np
import torch
from funasr.utils.load_utils import extract_fbank

from core_pipeline.contracts.engines import Word
from core_pipeline.engines.asr.funasr import FunAsrConfig
from core_pipeline.engines.asr.funasr.card import NAMES

Sound = np.ndarray[tuple[int], np.dtype[np.float32]]
_GOES_ON = "@@"


@dataclass(frozen=True)
class Said:
    """What a piece says; times count from its start."""

    text: str
    confidence: float | None = None
    words: tuple[Word, ...] = ()


class Network(Protocol):
    """Hears pieces of at most 30 s at 16 kHz, samples in −1..1; blocking."""

    def hear(self, sounds: Sequence[Sound], languages: Sequence[str | None]) -> list[Said]:
        """Return what each piece says."""


class Nano:
    """Fun-ASR-Nano: an encoder before a language model, which is asked in Chinese; it gives text and nothing else."""

    def __init__(self, model: Any, config: FunAsrConfig) -> None:
        self._model, self._config = model, config

    def hear(self, sounds: Sequence[Sound], languages: Sequence[str | None]) -> list[Said]:
        """Return what each piece says; those of one language share a batch, as the prompt is one for all."""
        said: dict[int, Said] = {}
        by_language: dict[str | None, list[int]] = defaultdict(list)
        for index, language in enumerate(languages):
            by_language[language].append(index)
        for language, indices in by_language.items():
            texts = self._texts([sounds[index] for index in indices], language)
            said.update({index: Said(text) for index, text in zip(indices, texts, strict=True)})
        return [said[index] for index in range(len(sounds))]

    def _texts(self, sounds: list[Sound], language: str | None) -> list[str]:
        answers = self._model.generate(
            input=[torch.from_numpy(sound) for sound in sounds],
            batch_size=len(sounds),
            language=NAMES[language] if language else None,
            itn=True,
            max_length=self._config.most_tokens,
            llm_dtype=self._config.precision,
        )
        return [str(answer["text"]).strip() for answer in answers]


class Ctc:
    """An encoder with a CTC head and letter tokens, of which "X@@" says that the word goes on.

    FunASR's own decoding takes one recording at a time and gives text alone; this gives times and posteriors, too.
    """

    def __init__(self, model: Any) -> None:
        self._network = model.model
        self._frontend, self._tokens = model.kwargs["frontend"], model.kwargs["tokenizer"].token_list
        self._device = model.kwargs["device"]
        self._frame = self._frontend.frame_shift * self._frontend.lfr_n / 1000

    def hear(self, sounds: Sequence[Sound], languages: Sequence[str | None]) -> list[Said]:
        """Return what each piece says; the network knows one language, whichever is asked for."""
        del languages
        with torch.no_grad():
            frames, lengths = extract_fbank([torch.from_numpy(one) for one in sounds], frontend=self._frontend)
            encoded, lengths = self._network.encode(frames.to(self._device), lengths.to(self._device))
            logs = self._network.ctc.log_softmax(encoded[0] if isinstance(encoded, tuple) else encoded).cpu()
        return [self._read(logs[index, : int(lengths[index])]) for index in range(len(sounds))]

    def _read(self, logs: torch.Tensor) -> Said:
        best = logs.max(dim=-1)
        letters = list(_letters(best.indices.tolist(), best.values.tolist(), self._network.blank_id))
        words: list[Word] = []
        pending: list[_Letter] = []
        for letter in letters:
            pending.append(letter)
            if not self._tokens[letter.token].endswith(_GOES_ON):
                words.append(self._word(pending))
                pending = []
        if pending:
            words.append(self._word(pending))
        trust = exp(sum(letter.log for letter in letters) / len(letters)) if letters else 0.0
        return Said(" ".join(word.text for word in words), trust, tuple(words))

    def _word(self, letters: Sequence[_Letter]) -> Word:
        text = "".join(self._tokens[letter.token].removesuffix(_GOES_ON) for letter in letters)
        sure = exp(min(letter.log for letter in letters))
        return Word(text, letters[0].first * self._frame, letters[-1].last * self._frame, sure)


@dataclass
class _Letter:
    """A token with its frames (`last` excluded) and its best log posterior."""

    token: int
    first: int
    last: int
    log: float


def _letters(best: Sequence[int], logs: Sequence[float], blank: int) -> list[_Letter]:
    """Return the tokens of the best path: repeats are one, blanks are none."""
    letters: list[_Letter] = []
    before = blank
    for frame, (token, log) in enumerate(zip(best, logs, strict=True)):
        if token not in {blank, before}:
            letters.append(_Letter(token, frame, frame + 1, log))
        elif token == before and token != blank:
            letters[-1].last, letters[-1].log = frame + 1, max(letters[-1].log, log)
        before = token
    return letters
