"""Whether a customer has lost their patience, by the words that they use; a voice's tone is not heard."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from core_pipeline.arabic.normalise import normalise, visible

_LISTS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_MARKS = re.compile(r"[!؟?]{3,}")
_LATIN = re.compile(r"[A-Z]{2,}")
_SHOUTED, _LETTERS = 4, 12


def _words(name: str) -> str:
    """A list as one pattern, longest first."""
    known = {" ".join(normalise(one).split()) for one in _LISTS[name].split("|")}
    return "|".join(sorted(map(re.escape, known), key=len, reverse=True))


_NOT = rf"(?:(?:{_words('negations')}) (?:\w+ )?)?"
_SAID = re.compile(rf"(?<!\w)(?P<no>{_NOT})(?:و|ف)?(?:{_words('angry')}|{_words('blaming')})(?!\w)")
_IMPATIENT = re.compile(rf"(?<!\w)(?:و|ف)?(?:{_words('impatient')})(?!\w)")


def is_angry(text: str) -> bool:
    """Whether the words are an angry customer's: said outright, blame, or impatience that is shouted.

    Words decide, not sense: irony escapes it, and a quoted word may pass for the customer's own.
    """
    plain = " ".join(re.sub(r"[^\w\s']", " ", normalise(visible(text))).split())
    if any(not found["no"] for found in _SAID.finditer(plain)):
        return True
    return _loud(text) and _IMPATIENT.search(plain) is not None


def _loud(text: str) -> bool:
    """Whether it is written louder than others write: rows of marks, or whole words in capitals."""
    capitals = sum(map(len, _LATIN.findall(text)))
    letters = sum(letter.isascii() and letter.isalpha() for letter in text)
    shouted = letters >= _LETTERS and capitals * 10 >= letters * 7 and len(_LATIN.findall(text)) >= _SHOUTED
    return shouted or _MARKS.search(text) is not None
