"""Whether an answer to "shall I …?" is a clear yes or a clear no, in any dialect, Arabizi or English."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Literal

from core_pipeline.arabic.normalise import normalise

Consent = Literal["yes", "no"]

_WORDS = tomllib.loads(Path(__file__).with_name("consent.toml").read_text(encoding="utf-8"))
_WORD = re.compile(r"[\w']+")
_ARABIC_ARTICLE = re.compile(r"^(?:وال|بال|لل|ال)(?=\w{2})")
_AGAIN = re.compile(r"(.)\1+")
_THUMBS = {"👍": " yes ", "✅": " yes ", "👌": " yes ", "👎": " no ", "❌": " no ", "🚫": " no "}
_TONE = re.compile("[\U0001f3fb-\U0001f3ff\ufe0f]")
_LONGEST = 80


def _folded(text: str) -> str:
    return _AGAIN.sub(r"\1", normalise(text).replace("’", "'"))


def _set(name: str) -> frozenset[str]:
    return frozenset(_folded(_WORDS[name]).split())


def _phrases(name: str) -> re.Pattern[str]:
    ways = sorted((" ".join(_folded(way).split()) for way in _WORDS[name].split("|")), key=len, reverse=True)
    return re.compile(rf"(?<![\w'])(?:{'|'.join(map(re.escape, ways))})(?![\w'])")


_YES, _NO, _BESIDE, _HEDGE = (_set(name) for name in ("yes", "no", "beside", "hedge"))
_YES_PHRASES, _NO_PHRASES, _POLITE = (_phrases(name) for name in ("yes_phrases", "no_phrases", "beside_phrases"))


def consent(answer: str, question: str = "") -> Consent | None:
    """Return "yes" or "no" when the whole answer says so and nothing else; None for everything in between.

    Words that the `question` itself used may stand beside a yes ("yes, book the table"); figures, conditions and
    counter-questions may not: then the customer wants something else than was asked.
    """
    if len(answer) > _LONGEST or "?" in answer or "؟" in answer:
        return None
    text = " ".join(_WORD.findall(_folded(_thumbs(answer))))
    said = _YES_PHRASES.sub(" yes ", _NO_PHRASES.sub(" no ", _POLITE.sub(" ", text))).split()
    yes, no = (bool(words.intersection(said)) for words in (_YES, _NO))
    if yes == no:
        return None
    rest = set(said) - (_YES if yes else _NO) - _BESIDE
    if any(word.isdecimal() or word in _HEDGE for word in rest) or rest - _asked(question):
        return None
    return "yes" if yes else "no"


def _thumbs(text: str) -> str:
    for sign, word in _THUMBS.items():
        text = text.replace(sign, word)
    return _TONE.sub("", text)


def _asked(question: str) -> set[str]:
    """The question's words, each with and without its article."""
    words = _WORD.findall(_folded(question))
    bare = {_ARABIC_ARTICLE.sub("", word) for word in words}
    return {form for word in bare for form in (word, f"ال{word}", f"لل{word}", f"بال{word}")} | set(words)
