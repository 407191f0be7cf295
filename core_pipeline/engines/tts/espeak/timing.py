"""Turns espeak's marks into spans: names as the author wrote them, ends where the sound ends."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from core_pipeline.engines.tts.espeak.native import Mark, Utterance

Span = tuple[str, int, int]


def phoneme_spans(utterance: Utterance, length: int, offset: int) -> list[Span]:
    """Return (phoneme, first, last) in samples from `offset`; pauses are left out."""
    return [
        (mark.text, offset + first, offset + last)
        for mark, first, last in _bounded(utterance.phonemes, length)
        if mark.text
    ]


def word_spans(
    utterance: Utterance, written: Sequence[str], spoken: Sequence[str], length: int, offset: int
) -> list[Span]:
    """Return (word as written, first, last); what espeak reads as several words (a number) stays one."""
    sounds = [(first, last) for mark, first, last in _bounded(utterance.phonemes, length) if mark.text]
    spans = []
    for mark, first, last in _bounded(_first_marks(utterance.words, written, spoken), length):
        end = max((until for since, until in sounds if first <= since < last), default=last)
        spans.append((mark.text, offset + first, offset + min(end, last)))
    return spans


def _first_marks(marks: Sequence[Mark], written: Sequence[str], spoken: Sequence[str]) -> list[Mark]:
    ends = list(accumulate(len(word) + 1 for word in spoken))
    found: dict[int, Mark] = {}
    for mark in marks:
        index = min(bisect_right(ends, mark.position), len(ends) - 1)
        found.setdefault(index, Mark(written[index], mark.sample, mark.position))
    return [found[index] for index in sorted(found)]


def _bounded(marks: Sequence[Mark], length: int) -> list[tuple[Mark, int, int]]:
    starts = [min(mark.sample, length) for mark in marks]
    ends = [*starts[1:], length][: len(starts)]
    return [(mark, start, max(start, end)) for mark, start, end in zip(marks, starts, ends, strict=True)]
