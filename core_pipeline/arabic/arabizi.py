"""Arabic typed in Latin letters and figures (``3ayez a7gez``): how to know it and how to find its words."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from core_pipeline.arabic.analysis import is_arabic, without_prefix
from core_pipeline.arabic.normalise import normalise

_WORD = re.compile(r"[a-z0-9']+")
_FIGURE_IN_WORD = re.compile(r"(?<![a-z0-9])(?=[a-z0-9']*[a-z])[a-z']*(?:[a-z][235679]+|[235679]+[a-z])[a-z0-9']*")
# Ordinary Latin tokens that mix letters and figures: 3pm, 2nd, 5km, 3d, b2b, 4g, room numbers such as a5.
_NOT_ARABIZI = re.compile(
    r"\d+(?:am|pm|st|nd|rd|th|km|kg|g|gb|mb|ml|cm|mm|m|l|h|hr|hrs|min|mins|d|k|x|egp|le|usd|sar)|[a-z]\d+|b2b|mp3|h2o|covid19"
)
_WITH_YOU = re.compile(r"3a?nd?[ou]?[aeo]?k(?:[ou]+m?)?|m3?a3?a?k[ou]+m?|fi+k[ou]+m?")
_ARTICLE = re.compile(r"^(?:el|al|il|wel|wal|bel|lel)-?(?=[a-z0-9]{3})")

_WORDS = tomllib.loads(Path(__file__).with_name("arabizi.toml").read_text(encoding="utf-8"))
_KNOWN = dict.fromkeys(_WORDS["silent"].split(), "") | {
    latin: arabic for arabic, spellings in _WORDS["known"].items() for latin in spellings.split()
}
_SIGNS = frozenset(_WORDS["signs"].split())

_DIGRAPHS = (("sh", "ش"), ("ch", "ش"), ("kh", "خ"), ("gh", "غ"), ("th", "ث"), ("dh", "ذ"), ("3'", "غ"), ("7'", "خ"))
_LETTERS = str.maketrans(
    dict(zip("3456789bptgjdrzsfvqklmnhxc", "عشخطحقصببتججدرزسففقكلمنهكك", strict=True)) | dict.fromkeys("2wyaeiou'")
)
# Sounds that Arabizi writers do not tell apart fall together; vowels and hamza are dropped, long ones too.
_CONSONANTS = str.maketrans(dict(zip("صطضظذثقغح", "ستدززسكجه", strict=True)) | dict.fromkeys("اويىءأإآؤئ"))
_DOUBLED = re.compile(r"(.)\1+")


def _tokens(text: str) -> list[str]:
    return _WORD.findall(normalise(text).replace("’", "'"))


def is_arabizi(text: str) -> bool:
    """Whether a text without Arabic letters is Arabic in Latin ones: figures inside words, or telling words."""
    if re.search("[\u0621-\u064a]", text):
        return False
    found = _tokens(text)
    return any(_telling(word) for word in found)


def _telling(word: str) -> bool:
    bare = _ARTICLE.sub("", word)
    if word in _SIGNS or bare in _SIGNS:
        return True
    return bool(_FIGURE_IN_WORD.fullmatch(word)) and not _NOT_ARABIZI.fullmatch(word)


def arabic_words(text: str) -> list[str]:
    """Return for each telling word of an Arabizi text its Arabic word where the lexicon knows it, else itself."""
    found = []
    for word in _tokens(text):
        bare = _ARTICLE.sub("", word)
        arabic = _KNOWN.get(word, _KNOWN.get(bare, bare))
        if arabic and not _WITH_YOU.fullmatch(word):
            found.append(arabic)
    return found


def skeleton(word: str) -> str:
    """Return the consonants of an Arabic or an Arabizi word in one alphabet: ``9ahwa`` and ``قهوة`` agree."""
    if is_arabic(word):
        bare = without_prefix(word)
        letters = bare.rstrip("هة") or bare
    else:
        letters = re.sub(r"(?<=[aeiou])h$", "", word)
        for pair, letter in _DIGRAPHS:
            letters = letters.replace(pair, letter)
        letters = re.sub("[a-z0-9']", "", letters.translate(_LETTERS))
    return _DOUBLED.sub(r"\1", letters.translate(_CONSONANTS))
