"""Turns the lengths of a voice's symbols into spans of phonemes and of the words as the author wrote them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

PAD, START, END = "_", "^", "$"
_STRESS = frozenset("ˈˌ")
_PART_OF_THE_LAST = frozenset("ːˑˤʰʲʷ˞")

Span = tuple[str, int, int]
Ids = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Spoken:
    """One chunk of a sentence: its symbols in order, and the samples of each id that stood for them."""

    symbols: Sequence[str]
    ids: Sequence[int]
    samples: Sequence[int]


def symbol_spans(spoken: Spoken, ids: Ids, offset: int) -> list[Span] | None:
    """Return (symbol, first, last) in samples from `offset`; None when the ids are not those of the symbols.

    The voice puts padding after each symbol, which is counted as part of it; symbols that it doesn't know are silent.
    """
    known = [START, *(symbol for symbol in spoken.symbols if symbol in ids), END]
    at, first, spans = 0, offset, []
    for symbol in known:
        own = [*ids[symbol], *(ids[PAD] if symbol != END else ())]
        if list(spoken.ids[at : at + len(own)]) != own:
            return None
        last = first + sum(spoken.samples[at : at + len(own)])
        spans.append((symbol, first, last))
        at, first = at + len(own), last
    return spans if at == len(spoken.ids) == len(spoken.samples) else None


def phoneme_spans(spans: Sequence[Span]) -> list[Span]:
    """Join signs of length, place and stress to the phoneme they belong to; spaces and punctuation are left out."""
    found: list[Span] = []
    stress: Span | None = None
    for symbol, first, last in spans:
        if symbol in _STRESS:
            stress = (symbol, first, last)
        elif found and (unicodedata.combining(symbol[0]) or symbol in _PART_OF_THE_LAST):
            found[-1] = (found[-1][0] + symbol, found[-1][1], last)
        elif _sounds(symbol):
            sign, since, _ = stress or ("", first, first)
            found.append((sign + symbol, since, last))
            stress = None
    return found


def word_spans(written: Sequence[str], alone: Sequence[Sequence[str]], phonemes: Sequence[Span]) -> list[Span]:
    """Return (word, first, last) for each written word whose sound is found in the sentence.

    `alone` holds the symbols of each word when it is said alone: in a sentence some merge, and a number is several.
    """
    owners = [index for index, symbols in enumerate(alone) for symbol in symbols if _sounds(symbol)]
    single = [symbol for symbols in alone for symbol in symbols if _sounds(symbol)]
    heard = [_letter(text) for text, _, _ in phonemes]
    found: dict[int, tuple[int, int]] = {}
    for block in SequenceMatcher(None, [_letter(s) for s in single], heard, autojunk=False).get_matching_blocks():
        for step in range(block.size):
            _, first, last = phonemes[block.b + step]
            since = found.get(owners[block.a + step], (first, last))[0]
            found[owners[block.a + step]] = (since, last)
    return [(written[index], *found[index]) for index in sorted(found)]


def _sounds(symbol: str) -> bool:
    return symbol[0].isalpha() and symbol not in _STRESS | _PART_OF_THE_LAST


def _letter(phoneme: str) -> str:
    return next(sign for sign in phoneme if _sounds(sign))
