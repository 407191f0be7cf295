"""What is written at once: words in cards of at most two lines, filled by measured width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from core_pipeline.contracts.engines import Word
from core_pipeline.media.film.lettering import drawable, width

LINES = 2
STOPS = (".", "!", "?", "؟", "…", "۔")
TIGHT = (",", "،", ";", "؛", ":", ")", "]", "»", "”", '"')
PAUSE = 0.7  # seconds without a word after which a new card begins
EARLY, LINGER = 0.1, 0.7  # seconds that a card is there before its first word and after its last
GAP = 0.3  # a card that would go away this shortly before the next stays


@dataclass(frozen=True)
class Card:
    """Lines of words, shown from `start` to `end` (seconds); the longest is `widest` times the font's size."""

    lines: tuple[tuple[Word, ...], ...]
    start: float
    end: float
    widest: float

    @property
    def words(self) -> tuple[Word, ...]:
        """All words in the order in which they are said."""
        return tuple(word for line in self.lines for word in line)

    def said(self, seconds: float) -> int:
        """Return which of the words is being said, -1 before the first."""
        return sum(word.start <= seconds for word in self.words) - 1


def cards(words: Sequence[Word], room: float) -> list[Card]:
    """Return the cards that show all words that can be drawn, in lines of `room` times the font's size.

    A word wider than that has a card of its own, and its `widest` says so.
    """
    return _timed([_card(group, room) for group in _groups(_drawn(words), room)])


def _drawn(words: Sequence[Word]) -> list[Word]:
    """Return the words that can be drawn, each from when it or any before it began, with the stops after them."""
    drawn: list[Word] = []
    latest = 0.0
    for word in words:
        latest = max(latest, word.start)
        for text in drawable(word.text).split():
            if any(letter.isalnum() for letter in text):
                drawn.append(Word(text, latest, max(latest, word.end)))
            elif drawn:
                # What isn't said has no time of its own; it stands where it stood, or closes up to what it ends.
                gap = "" if text in STOPS or text in TIGHT else "\u00a0"
                drawn[-1] = replace(drawn[-1], text=drawn[-1].text + gap + text)
    return drawn


def _groups(words: Sequence[Word], room: float) -> Iterator[list[Word]]:
    group: list[Word] = []
    for word in words:
        if group and (_ends(group[-1], word) or _lines([*group, word], room) is None):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _ends(last: Word, word: Word) -> bool:
    return last.text.rstrip("\"'»”)").endswith(STOPS) or word.start - last.end > PAUSE


def _card(group: Sequence[Word], room: float) -> Card:
    lines = _lines(group, room) or (tuple(group),)
    return Card(lines, group[0].start, group[-1].end, max(_width(line) for line in lines))


def _lines(group: Sequence[Word], room: float) -> tuple[tuple[Word, ...], ...] | None:
    """Return the words in one line, or else in the two lines that are most alike in width; None when they don't fit."""
    if _width(group) <= room:
        return (tuple(group),)
    splits = [(tuple(group[:at]), tuple(group[at:])) for at in range(1, len(group))]
    best = min(splits, key=lambda lines: max(map(_width, lines)), default=None)
    return best if best is not None and max(map(_width, best)) <= room else None


def _width(line: Sequence[Word]) -> float:
    return width(" ".join(word.text for word in line))


def _timed(made: Sequence[Card]) -> list[Card]:
    """Return the cards with times that don't overlap."""
    timed: list[Card] = []
    for at, card in enumerate(made):
        start = max(card.start - EARLY, timed[-1].end if timed else 0.0)
        latest = made[at + 1].start - EARLY if at + 1 < len(made) else float("inf")
        end = card.end + LINGER
        timed.append(replace(card, start=start, end=latest if end > latest - GAP else end))
    return timed
