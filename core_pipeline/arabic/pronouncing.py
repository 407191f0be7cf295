"""A business's own words as it wants them spoken: names, brands and foreign words that voices read wrongly."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from core_pipeline.arabic.normalise import MARKS, latin_digits, normalise, spellings, visible

ARTICLE = "ال"
# Letters that are written onto the next word; a short word would be found in too many others behind one.
_ONTO, _LEAST_LETTERS = "[وف]?[بكل]?", 3
_MARK = f"[{MARKS.pattern[1:-1]}\u0300-\u036f]*"
_ARABIC = re.compile("[\u0620-\u06ff]")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Pronouncing:
    """The words of one tenant in one language, as pairs of how a word is written and how it is spoken.

    Words are found whole, however their vowels, alefs, ya and ta marbuta are written; the longest first. What Arabic
    writes onto a word stays before it: and, so, in, like, for, and the article.
    """

    pairs: tuple[tuple[str, str], ...] = ()

    def said(self, text: str) -> str:
        """Return the text with these words as they are spoken; `text` is visible text with Latin digits."""
        folded = _folded(text) if self.pairs else ""
        met = tuple(one for one in self._words if one.core in folded)
        if not met:
            return text
        return _pattern(met).sub(lambda match: met[_which(match)].spoken_after(match), text)

    @cached_property
    def digest(self) -> str:
        """What changes with any of the words; "" where there are none."""
        told = "\x1e".join("\x1f".join(pair) for pair in sorted(self.pairs))
        return hashlib.sha256(told.encode()).hexdigest()[:16] if self.pairs else ""

    @cached_property
    def _words(self) -> tuple[_Word, ...]:
        found = (_Word(_folded(clean(written)), clean(spoken)) for written, spoken in self.pairs)
        return tuple(sorted((one for one in found if one.plain), key=lambda one: (-len(one.plain), one.plain)))


AS_WRITTEN = Pronouncing()


@dataclass(frozen=True)
class _Word:
    """A word by its folded letters, and what is said for it."""

    plain: str
    spoken: str

    @property
    def core(self) -> str:
        """The word without its article."""
        bare = self.plain.removeprefix(ARTICLE)
        return bare if len(bare) >= _LEAST_LETTERS else self.plain

    @property
    def pattern(self) -> str:
        """The word with what may be written onto it, which is the group "onto"."""
        letters = _letters(self.plain)
        if self.core != self.plain:
            return f"(?:{_ONTO}{letters}|[وف]?لل{_letters(self.core)})"
        long = len(self.plain.replace(" ", "")) >= _LEAST_LETTERS
        onto = f"(?:[وف]?لل|{_ONTO}(?:{ARTICLE})?)" if long else f"(?:{ARTICLE})?"
        return f"{onto}\u0640?-?{letters}"

    def spoken_after(self, match: re.Match[str]) -> str:
        """What is said where the word was found."""
        onto = MARKS.sub("", _onto(match[0], self)).removesuffix("-")
        said = self.spoken
        if onto.endswith((ARTICLE, "لل")) and _bare(said).startswith(ARTICLE):
            said = said[_after_article(said) :]
        if not onto or _ARABIC.match(said):
            return onto + said
        return f"{onto} {said}"


def clean(text: str) -> str:
    """Return a word as it is kept: visible, with Latin digits and single spaces."""
    return _SPACE.sub(" ", latin_digits(visible(text).replace("\u0640", ""))).strip()


def alike(written: str) -> str:
    """Return what is the same for every way in which a word may be written."""
    return _folded(clean(written))


def _folded(text: str) -> str:
    return _SPACE.sub(" ", normalise(text)).strip()


def _bare(text: str) -> str:
    return MARKS.sub("", text)


def _letters(plain: str) -> str:
    """A pattern that finds these folded letters however they are written."""
    return "".join(_letter(one) for one in plain)


def _letter(letter: str) -> str:
    if letter == " ":
        return r"\s+"
    return f"[{re.escape(spellings(letter))}]{_MARK}" if letter.isalnum() else f"{re.escape(letter)}{_MARK}"


@lru_cache(maxsize=256)
def _pattern(words: tuple[_Word, ...]) -> re.Pattern[str]:
    one_of = "|".join(f"(?P<w{place}>{word.pattern})" for place, word in enumerate(words))
    return re.compile(f"(?<![\\w\u0640])(?:{one_of})(?!\\w)", re.IGNORECASE)


def _which(match: re.Match[str]) -> int:
    return int(str(match.lastgroup)[1:])


def _onto(found: str, word: _Word) -> str:
    """What stands before the word itself in what was found."""
    whole = re.search(f"{_letters(word.plain)}$", found, re.IGNORECASE)
    if whole is None:  # the article's alef is not written after "for"
        return found[: found.index("لل") + 2]
    return found[: whole.start()]


def _after_article(said: str) -> int:
    """How many characters of a spoken word its article takes, vowel marks and all."""
    match = re.match(f"ا{_MARK}ل{_MARK}", said)
    return match.end() if match else 0
