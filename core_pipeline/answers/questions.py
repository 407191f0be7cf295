"""Questions that anybody may ask and that mean the same whoever asks: only these are answered from memory."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from core_pipeline.arabic.analysis import is_cue, words
from core_pipeline.arabic.normalise import normalise
from core_pipeline.arabic.smalltalk import content, take_apart

_LISTS = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
# Marks that end or join words, unless they stand between two digits: "1.5" is not "15", "10:30" not "1030".
_MARKS = re.compile(r"[\s?!;…؟،؛\"'’«»()]|[.,:](?!\d)|(?<!\d)[.,:]")
_APOSTROPHE = re.compile(r"(?<=[a-z])['’](?=[a-z])")
# "It", unless it only joins: "what (it) are your hours".
_PRONOUN = re.compile(r"(?<!ما )(?<!ايه )(?<!\w)ه[وي](?!\w)")
_LONGEST = 200


def folded(name: str) -> frozenset[str]:
    """The words of one list of `words.toml`, as `words_of` spells them."""
    return frozenset(_plain(normalise(_LISTS[name])).split())


def _plain(text: str) -> str:
    return " ".join(_MARKS.sub(" ", _APOSTROPHE.sub("", text)).split())


NEGATIONS = folded("negations")
_DEPENDENT = folded("fleeting") | folded("personal") | folded("leaning")
_OPENINGS = folded("openings")
_PHRASES = tuple(f"{_plain(normalise(phrase))} " for phrase in _LISTS["opening_phrases"].split("|"))


@dataclass(frozen=True)
class Question:
    """A question for a tenant in one language, in circumstances that its answer depends on.

    `text` is its one spelling: the kinds of the courtesies in brackets, then the words in order. `talking` says that
    other words came before it in the conversation.
    """

    tenant_id: str
    text: str
    language: str
    circumstances: str
    talking: bool = False

    @cached_property
    def key(self) -> str:
        """What tells this question in these circumstances from every other."""
        parts = (self.tenant_id, self.text, self.language, self.circumstances)
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def question_of(tenant_id: str, heard: str, language: str, circumstances: str, *, talking: bool) -> Question | None:
    """The question, if it can be answered from memory; None for what depends on the customer, the day or the talk.

    `talking` says that the conversation holds earlier messages: then it must say more to stand by itself.
    """
    remark = take_apart(heard)
    text = _plain(" ".join(remark.questions))
    if not text or len(heard) > _LONGEST or not _stands_alone(text, 2 if talking else 1) or _lost(heard, text):
        return None
    # An answer may return a greeting: whoever greets otherwise gets an answer of their own.
    greeted = " ".join(sorted(remark.courtesies))
    return Question(tenant_id, f"({greeted}) {text}" if greeted else text, language, circumstances, talking)


def _stands_alone(text: str, enough: int) -> bool:
    said, about = text.split(), [each.term for each in content(text)]
    if said[0] in _OPENINGS or text.startswith(_PHRASES) or _PRONOUN.search(text):
        return False
    # Arabic writes "and" together with the word behind it: a question that begins so goes on from another.
    joined = said[0].startswith("و") and said[0][1:] in {"هل", "كم", "متي", "امتي", "اين", "فين", "وين", "كيف", "ازاي"}
    # Words such as "how much" say what is wanted, not of what.
    full = len(about) >= enough and len(said) > 1 and not all(map(is_cue, about))
    return full and not joined and not _DEPENDENT.intersection(said)


def _lost(heard: str, text: str) -> bool:
    """Whether taking the courtesies off took a figure or a negation with it, or a sentence of nothing but such."""
    telling = [word for word in words(heard) if word.isdigit() or word in NEGATIONS]
    return telling != [word for word in words(text) if word.isdigit() or word in NEGATIONS]
