"""What the owner of a voice or a face reads aloud: a sentence of consent that ends in words drawn for this moment."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from secrets import SystemRandom
from typing import Any, Literal

from errors import Impossible

WORDS = 6
LONGEST_NAME = 80
SCOPES = ("answers", "everything")
# Draws the words; nobody may foresee them.
dice: Random = SystemRandom()


@dataclass(frozen=True)
class Asked:
    """The sentence with the parts of it that are checked: the words of consent, and those drawn at random."""

    sentence: str
    agree: str
    words: tuple[str, ...]


@cache
def wording() -> dict[str, Any]:
    """The sentences, scopes and words by language."""
    return tomllib.loads(Path(__file__).with_name("consent.toml").read_text(encoding="utf-8"))


def sentence_for(
    language: str,
    business: str,
    speaker: str,
    scope: str,
    today: date,
    words: Sequence[str] = (),
    *,
    of: Literal["voice", "picture"] = "voice",
) -> Asked:
    """Make the sentence in which `speaker` lets `business` use what is theirs for `scope` ("answers", "everything").

    Without `words` six are drawn, so that nobody could have recorded the sentence before. Raises `Impossible` for
    another language or scope, and for names that are empty or endless.
    """
    said = wording().get(language)
    if said is None:
        raise Impossible("consent-language", f"consent can be read in: {', '.join(wording())}")
    if scope not in SCOPES:
        raise Impossible("consent-scope", f"the scope is one of: {', '.join(SCOPES)}")
    if not all(0 < len(name.strip()) <= LONGEST_NAME for name in (business, speaker)):
        raise Impossible("consent-names", f"give the speaker's and the business's name, {LONGEST_NAME} letters at most")
    drawn = tuple(words or dice.sample(said["words"], WORDS))
    when = f"{today.day} {said['months'][today.month - 1]} {today.year}"
    told = said["picture"] if of == "picture" else said
    agree = told["agree"].format(scope=said["scopes"][scope])
    names = {"speaker": speaker.strip(), "business": business.strip(), "scope": said["scopes"][scope], "date": when}
    return Asked(told["sentence"].format(words=said["comma"].join(drawn), **names), agree, drawn)
