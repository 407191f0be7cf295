"""One spelling for text that people type in many: what search and language rules compare."""

from __future__ import annotations

import re
import unicodedata

# Harakat, Quranic marks, tatweel, and the invisible joiners and direction marks of bidirectional text.
MARKS = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_ACCENTS = re.compile("[\u0300-\u036f]")
_FOLD = str.maketrans(
    {
        **dict.fromkeys("أإآٱ", "ا"),
        **dict.fromkeys("ىیئ", "ي"),
        **dict.fromkeys("ةھہۃە", "ه"),
        **dict.fromkeys("کگ", "ك"),
        "ؤ": "و",
        "چ": "ج",
        "پ": "ب",
        "ڤ": "ف",
    }
)
_FOLDED = {chr(letter): str(to) for letter, to in _FOLD.items()}
_DIGIT = re.compile(r"[^\D0-9]")
_SEPARATOR = re.compile("[٫٬٪]")


def _plain_sign(match: re.Match[str]) -> str:
    return {"٫": ".", "٬": ",", "٪": "%"}[match[0]]


def latin_digits(text: str) -> str:
    """Return `text` with every decimal digit of any script as 0-9, and Arabic separators as ``.`` ``,`` ``%``."""
    if text.isascii():
        return text
    return _SEPARATOR.sub(_plain_sign, _DIGIT.sub(lambda match: str(unicodedata.decimal(match[0])), text))


def visible(text: str) -> str:
    """Return `text` in its compatibility form without direction marks and zero-width characters."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))


def normalise(text: str) -> str:
    """Return the light search form: no harakat, tatweel or marks, one alef, ya and ha, Latin digits, lower case."""
    folded = MARKS.sub("", unicodedata.normalize("NFKC", text).lower()).translate(_FOLD)
    split = unicodedata.normalize("NFKD", folded)
    return latin_digits(folded if split == folded else MARKS.sub("", _ACCENTS.sub("", split)).translate(_FOLD))


def spellings(letter: str) -> str:
    """Return every letter that `normalise` takes for this one, itself among them."""
    head = _FOLDED.get(letter, letter)
    return head + "".join(other for other, to in _FOLDED.items() if to == head)
