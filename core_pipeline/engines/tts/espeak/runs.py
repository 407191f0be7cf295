"""Cuts a text into runs of one script and one sentence at most, so that each is read by its own voice."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core_pipeline.arabic.vocalise import strip_tashkeel

_ARABIC = re.compile("[\u0621-\u064a\u0671-\u06d3]")
_LATIN = re.compile("[A-Za-zÀ-ɏ]")
_SENTENCE_END = re.compile(r"[.!?؟؛…][\"'»”)\]]*$")


@dataclass(frozen=True)
class Run:
    """Words of one script in their order, as written; `ends` says that a sentence ends here."""

    language: str
    words: tuple[str, ...]
    ends: bool


def cut(text: str, language: str) -> list[Run]:
    """Cut the text into runs; a word without letters (a number, a dash) is read in the text's own `language`."""
    runs: list[Run] = []
    for line in text.splitlines():
        words: list[str] = []
        spoken = language
        for word in filter(strip_tashkeel, line.replace("\0", " ").split()):
            script = _script(word) or language
            if words and script != spoken:
                runs.append(Run(spoken, tuple(words), ends=False))
                words = []
            spoken = script
            words.append(word)
            if _SENTENCE_END.search(word):
                runs.append(Run(spoken, tuple(words), ends=True))
                words = []
        if words:
            runs.append(Run(spoken, tuple(words), ends=True))
    return runs


def _script(word: str) -> str | None:
    if _ARABIC.search(word):
        return "ar"
    return "en" if _LATIN.search(word) else None
