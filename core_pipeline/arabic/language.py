"""Which of our languages a customer wrote in."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Literal, cast

from core_pipeline.arabic.arabizi import is_arabizi
from core_pipeline.arabic.normalise import normalise, visible

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

Language = Literal["ar", "en"]

_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\S+|[@#]\w+")
_ARABIC_WORD = re.compile("[\u0621-\u064a]+")
_LATIN_WORD = re.compile("[a-z][a-z0-9'’]*")


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - half a second, seldom needed

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(["ar", "en"])
    return identifier


def detect(text: str) -> Language | None:
    """Return "ar" or "en" by the script of most words; Arabizi is Arabic; None when no word tells."""
    plain = normalise(_ADDRESS.sub(" ", visible(text)))
    arabic, latin = len(_ARABIC_WORD.findall(plain)), len(_LATIN_WORD.findall(plain))
    if not arabic and not latin:
        return None
    if arabic != latin:
        return "ar" if arabic > latin or is_arabizi(plain) else "en"
    return cast("Language", _identifier().classify(plain)[0])
