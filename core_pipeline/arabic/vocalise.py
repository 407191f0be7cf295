"""Makes vocalised Arabic speakable: puts right what a tashkeel network leaves wrong for a letter-by-letter reader."""

from __future__ import annotations

import re
from collections.abc import Sequence

SHADDA = "\u0651"
_MARKS = "\u064b-\u0652\u0670"
_ANY_MARK = re.compile(f"[{_MARKS}]")
_VOWEL_THEN_SHADDA = re.compile(f"([\u064b-\u0650\u0652]){SHADDA}")
# A prefix letter, the article and a sun letter with its shadda: the reader doubles the letter by itself, but only
# when neither the prefix nor the article carries a mark.
_SUN_ARTICLE = re.compile(f"^([وفبك]?)[{_MARKS}]*ا[{_MARKS}]*ل[{_MARKS}]*([تثدذرزسشصضطظلن]){SHADDA}")
_BODY = re.compile(f"^(\\W*)(.*[\\w{_MARKS}])(\\W*)$", re.DOTALL)
_PAUSE = re.compile(r"[.!?,:;،؛؟…\n]")
_LAST_VOWEL = re.compile("[\u064c-\u0650]+$")  # tanwin of the accusative stays: «شكرًا» is said in full
_SHORTEST_TO_PAUSE = 3  # «هُوَ» and «هِيَ» keep their vowel


def strip_tashkeel(text: str) -> str:
    """Return the text without its vowel marks."""
    return _ANY_MARK.sub("", text)


def is_vocalised(word: str) -> bool:
    """Say whether the author wrote any vowel mark on the word."""
    return bool(_ANY_MARK.search(word))


def speakable(written: Sequence[str], vocalised: Sequence[str]) -> list[str]:
    """Return one phrase as words to speak: the author's own vowels stay, all others come from `vocalised`.

    Both sequences hold the same words in the same order, each with its punctuation; the phrase ends in a pause.
    Raises ValueError when they differ in length.
    """
    words = []
    for index, (own, model) in enumerate(zip(written, vocalised, strict=True)):
        chosen = own if is_vocalised(own) else model
        pausing = index == len(written) - 1 or bool(_PAUSE.search(own[-1:]))
        words.append(_mend(chosen, pausing=pausing, authored=chosen is own))
    return words


def _mend(word: str, *, pausing: bool, authored: bool) -> str:
    match = _BODY.match(word)
    if not match:
        return word
    before, body, after = match.groups()
    body = _plain_sun_article(shadda_first(body))
    if pausing:
        body = _pausal(body, authored=authored)
    return before + body + after


def shadda_first(word: str) -> str:
    """Put every shadda before its vowel, the order in which it is read (NFC stores it the other way round)."""
    return _VOWEL_THEN_SHADDA.sub(f"{SHADDA}\\1", word)


def _plain_sun_article(word: str) -> str:
    return _SUN_ARTICLE.sub(r"\1ال\2", word)


def _pausal(word: str, *, authored: bool) -> str:
    if len(strip_tashkeel(word)) < _SHORTEST_TO_PAUSE:
        return word
    if not authored:
        word = _LAST_VOWEL.sub("", word)
        word = word.removesuffix("\u064b") if word.endswith("ة\u064b") else word
    return word.removesuffix("ة") if is_vocalised(word) else word
