"""From text to search terms: words, stop words, light stems, character grams."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from core_pipeline.arabic.lexicon import CUE_WORDS, SAME_WORD, STOP_WORDS
from core_pipeline.arabic.normalise import normalise

_WORD = re.compile(r"[a-z]+|[0-9]+|[\u0621-\u064a]+")
_APOSTROPHE = re.compile(r"(?<=[a-z])['’](?=[a-z])")
_SHORTEST = 3
_TELLING = 5
# light10: conjunctions and articles in front, pronouns and endings behind; longest first.
_PREFIXES = ("وبال", "وكال", "فبال", "وال", "بال", "كال", "فال", "ولل", "لل", "ال")
_SUFFIX = re.compile(r"(?<=\w{3})(?:تهم|تها|تنا|كما|هما|كوا|ات|ان|ون|ين|ها|هم|كم|كو|نا|يه|وا|ته|ه|ي|ت|ك)$")
_VERB_PREFIXES = ("بت", "بي", "بن", "هت", "هي", "هن")
_IMPERFECT = re.compile(r"[بهحس]?[ينت](?!.*(?:ه|ات)$)[\u0621-\u064a]{3,}")
# A verb's person, tense or dialect in front, and its subject and objects behind; its third person is in the lexicon.
_PERSON = re.compile(r"(?:[بهحسكغ]?[اينت]|[بهح])")
_OBJECTS = re.compile(r"(?<=\w{3})(?:وا|ون|و|ين|ي)?(?:ني|نا|ها|هم|ه|ك|كم|كو|لي|لنا|لكم|ولي|ولنا|ش)?$")
_ENGLISH_ENDINGS = (("iness", "y"), ("ies", "y"), ("ings", ""), ("ing", ""), ("edly", ""), ("ed", ""), ("ly", ""))


def is_arabic(word: str) -> bool:
    """Whether the first letter of `word` is an Arabic one."""
    return "\u0621" <= word[:1] <= "\u064a"


def words(text: str) -> list[str]:
    """Return the normalised words of `text` in order, digits apart from letters."""
    return _WORD.findall(_APOSTROPHE.sub("", normalise(text)))


def without_prefix(word: str) -> str:
    """Return a normalised Arabic word without its article and what is joined to it, if three letters remain."""
    for prefix in _PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= _SHORTEST:
            return word[len(prefix) :]
    return word


def _without_suffix(word: str) -> str:
    return _SUFFIX.sub("", word)


def _arabic_stem(word: str) -> str:
    for prefix in _VERB_PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) > _SHORTEST:
            return _without_suffix(word[len(prefix) :])
    return _without_suffix(_without_suffix(without_prefix(word)))


def _english_stem(word: str) -> str:
    if word.endswith("s") and not word.endswith(("ss", "us", "is", "ies")) and len(word) > _SHORTEST:
        word = word[:-1]
    for ending, instead in _ENGLISH_ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
            word = word[: -len(ending)] + instead
            break
    return word[:-1] if word.endswith(("nn", "pp", "tt", "gg", "mm")) else word


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """Return the light stem of a normalised word, at least three letters; digits stay as they are."""
    if is_arabic(word):
        return _arabic_stem(word)
    return word if word.isdigit() else _english_stem(word.removesuffix("e") if len(word) > 4 else word)


def _unambiguous(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Each key's head, without the keys that more than one head has."""
    heads: dict[str, set[str]] = {}
    for key, head in pairs:
        heads.setdefault(key, set()).add(head)
    return {key: next(iter(found)) for key, found in heads.items() if len(found) == 1 and len(key) >= _SHORTEST}


# Only words without an ending: a light stem may be another word ("شباب" of "شبابيك").
_BY_STEM = _unambiguous((stem(form), head) for form, head in SAME_WORD.items() if stem(form) == form)
_VERBS = _unambiguous((form[1:], head) for form, head in SAME_WORD.items() if form[0] == "ي")


def _verb_head(word: str) -> str | None:
    """The head of a verb that the lexicon has in its third person: "نحجز", "بتحجزوا", "هحجزلكم" by "يحجز"."""
    for person in (word[:2], word[:1]):
        if _PERSON.fullmatch(person):
            rest = word[len(person) :]
            for bare in (rest, _OBJECTS.sub("", rest)):
                if bare in _VERBS:
                    return _VERBS[bare]
    return None


@lru_cache(maxsize=16384)
def _head(word: str) -> str:
    """The word that stands for all dialects' words of the same meaning, stemmed."""
    for form in (word, without_prefix(word) if is_arabic(word) else word):
        if form in SAME_WORD:
            return stem(SAME_WORD[form])
    head = _verb_head(word) or _BY_STEM.get(stem(word))
    return stem(head or word)


_CUE_STEMS = frozenset(stem(word) for word in CUE_WORDS)


def is_cue(term: str) -> bool:
    """Whether a term only says what kind of answer is wanted (where, when, how much): weak evidence."""
    return term in _CUE_STEMS


@dataclass(frozen=True)
class Token:
    """A content word as written (normalised, without its article) and the term that stands for it in a search.

    `verbal` says that it has the shape of an imperfect verb ("تبلغ", "بيوصل"), which tells less than a noun does.
    """

    word: str
    term: str
    verbal: bool = False


@lru_cache(maxsize=16384)
def token(word: str) -> Token:
    """Return the token of one normalised word."""
    return Token(without_prefix(word) if is_arabic(word) else word, _head(word), bool(_IMPERFECT.fullmatch(word)))


def _apart(word: str) -> str:
    """Take a conjunction off a word that the lexicon knows without it: "وهل", "وبكام"."""
    known = word in SAME_WORD or word in STOP_WORDS
    bare = word[1:]
    return bare if not known and word[0] in "وف" and (bare in SAME_WORD or bare in STOP_WORDS) else word


def tokens(text: str) -> list[Token]:
    """Return the content words of `text` in order: no stop words, dialects brought together, stems."""
    found = (word for word in map(_apart, words(text)) if word in SAME_WORD or word not in STOP_WORDS)
    return [token(word) for word in found if len(word) > 1 or word.isdigit()]


def terms(text: str) -> list[str]:
    """Return only the terms of `tokens`."""
    return [each.term for each in tokens(text)]


@cache
def synonyms() -> tuple[Token, ...]:
    """Return the words that the lexicon brings together with others, as tokens, but short ones.

    Questions are compared with their spelling: the shorter a word, the likelier another resembles it by chance.
    """
    return tuple(token(word) for word in SAME_WORD if len(word) >= _TELLING)


@lru_cache(maxsize=32768)
def grams(term: str) -> tuple[str, ...]:
    """Return the character trigrams and four-grams of a term with its edges marked by ``_``."""
    marked = f"_{term}_"
    return tuple(marked[i : i + n] for n in (3, 4) for i in range(len(marked) - n + 1)) or (marked,)
