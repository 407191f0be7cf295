"""Whether what a recogniser heard is the sentence that was shown, allowing for the recogniser's own errors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core_pipeline.arabic.normalise import normalise
from core_pipeline.arabic.speakable import speakable
from core_pipeline.cloning.consent import Asked, wording

WORD_ALIKE = 0.65
WORDS_HEARD = 0.8
AGREE_HEARD = 0.6
_EDIT, _MET = 1000, -1
_WORD = re.compile(r"[\w']+")


@dataclass(frozen=True)
class Read:
    """How much of the sentence was heard, in 0..1; `refused` when the words of consent were turned around."""

    agree: float
    words: float
    refused: bool

    @property
    def agreed(self) -> bool:
        """Whether the words of consent were heard."""
        return self.agree >= AGREE_HEARD and not self.refused

    @property
    def confirmed(self) -> bool:
        """Whether the words drawn at random were heard, all but one of six at least."""
        return self.words >= WORDS_HEARD


def compare(asked: Asked, heard: str, language: str) -> Read:
    """Compare the transcript with what was asked for; spelling, vowel marks, digits and spaces count for nothing."""
    tokens = _tokens(heard, language)
    letters = "".join(tokens)
    agree, places = _matched(_plain(asked.agree, language), letters)
    refused = agree >= AGREE_HEARD and _turned_around(tokens, _begins(places), language)
    return Read(round(agree, 3), round(_share([_plain(word, language) for word in asked.words], letters), 3), refused)


def _plain(text: str, language: str) -> str:
    return "".join(_tokens(text, language))


def _tokens(text: str, language: str) -> list[str]:
    return _WORD.findall(normalise(speakable(text, language)))


def _share(words: Sequence[str], letters: str) -> float:
    """Return the share of the words that were heard one after the other; recognisers may run them together."""
    _, places = _matched("".join(words), letters)
    begun, heard = 0, 0
    for word in words:
        met = sum(place is not None for place in places[begun : begun + len(word)])
        heard += met >= WORD_ALIKE * len(word)
        begun += len(word)
    return heard / len(words)


def _matched(wanted: str, heard: str) -> tuple[float, list[int | None]]:
    """Lay `wanted` along the stretch of `heard` that is nearest to it.

    Returns how much of it is there, 0..1 (edits count against it), and for each letter its place, None if it is not.
    Of ways that are equally near, that one counts in which most letters are met.
    """
    costs = [[0] * (len(heard) + 1)]
    for count, letter in enumerate(wanted, 1):
        before, row = costs[-1], [count * _EDIT]
        for place, other in enumerate(heard, 1):
            step = _MET if letter == other else _EDIT
            row.append(min(before[place - 1] + step, before[place] + _EDIT, row[-1] + _EDIT))
        costs.append(row)
    end = min(range(len(heard) + 1), key=costs[-1].__getitem__)
    edits = -(-costs[-1][end] // _EDIT)
    return max(0.0, 1 - edits / max(len(wanted), 1)), _way_back(wanted, heard, costs, end)


def _way_back(wanted: str, heard: str, costs: Sequence[Sequence[int]], end: int) -> list[int | None]:
    places: list[int | None] = [None] * len(wanted)
    count, place = len(wanted), end
    while count and place:
        cost, same = costs[count][place], wanted[count - 1] == heard[place - 1]
        if cost == costs[count - 1][place - 1] + (_MET if same else _EDIT):
            count, place = count - 1, place - 1
            places[count] = place if same else None
        elif cost == costs[count - 1][place] + _EDIT:
            count -= 1
        else:
            place -= 1
    return places


def _begins(places: Sequence[int | None]) -> int:
    """Return where the match begins, also when its first letters were misheard."""
    first = next((count, place) for count, place in enumerate(places) if place is not None)
    return max(0, first[1] - first[0])


def _turned_around(tokens: Sequence[str], start: int, language: str) -> bool:
    """Say whether a refusal stands around the letter `start` of the tokens, where the words of consent begin."""
    refusals = {_plain(word, language) for word in wording()[language]["refusals"]}
    begun = 0
    for place, token in enumerate(tokens):
        begun += len(token)
        if begun > start:
            return not refusals.isdisjoint(tokens[max(0, place - 1) : place + 2])
    return False
