"""Runs the tashkeel network that the piper wheel (GPL) carries; imported by child processes only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from core_pipeline.arabic.vocalise import speakable, strip_tashkeel

_DIGITS = frozenset("0123456789٠١٢٣٤٥٦٧٨٩")
_NUMERAL = "#"
_PAD = "_"
_FIRST_LETTER, _LAST_LETTER = "ء", "ي"
_REMEMBERED = 4096


class Tashkeel:
    """Puts vowels on unvocalised Arabic."""

    def __init__(self) -> None:
        folder = _folder()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._ids: dict[str, int] = _table(folder / "input_id_map.json")
        self._no_hint: int = _table(folder / "hint_id_map.json")[""]
        self._marks = {number: mark for mark, number in _table(folder / "target_id_map.json").items()}
        self._memory: dict[str, str] = {}

    def speakable(self, words: Sequence[str]) -> list[str]:
        """Return the words of one phrase as a letter-by-letter reader is to read them; the author's vowels stay."""
        return speakable(words, self.vocalise(" ".join(words)).split())

    def vocalise(self, phrase: str) -> str:
        """Return the phrase with vowel marks on every letter the network knows; its words stay the same in number."""
        if phrase not in self._memory:
            if len(self._memory) >= _REMEMBERED:
                self._memory.clear()
            self._memory[phrase] = self._infer(strip_tashkeel(phrase))
        return self._memory[phrase]

    def _infer(self, text: str) -> str:
        numbers = [self._ids.get(_NUMERAL if letter in _DIGITS else letter) for letter in text]
        known = [number for number in numbers if number is not None]
        if not known:
            return text
        outputs: list[Any] = self._session.run(
            None,
            {
                "char_inputs": np.array([known], dtype=np.int64),
                "diac_inputs": np.full((1, len(known)), self._no_hint, dtype=np.int64),
                "input_lengths": np.array([len(known)], dtype=np.int64),
            },
        )
        marks = iter(outputs[0].flatten().tolist())
        return "".join(
            letter if number is None else letter + self._mark(letter, int(next(marks)))
            for letter, number in zip(text, numbers, strict=True)
        )

    def _mark(self, letter: str, number: int) -> str:
        mark = self._marks[number]
        return mark if _FIRST_LETTER <= letter <= _LAST_LETTER and mark != _PAD else ""


def _folder() -> Path:
    spec = find_spec("piper")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the piper-tts package is not installed")
    return Path(spec.submodule_search_locations[0]) / "tashkeel"


def _table(path: Path) -> dict[str, int]:
    loaded: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
    return loaded
