"""Pages of blocks cut into pieces that can be found, and understood, by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from core_pipeline.arabic.language import detect
from core_pipeline.knowledge.documents.blocks import Block, Heading, Paragraph, Table
from core_pipeline.knowledge.documents.columns import sentences_of

TARGET, LONGEST, OVERLAP = 650, 900, 160
_PATH = " › "
_LONGEST_PATH = 300
_SENTENCE = re.compile(r"(?<=[.!?؟…؛;])\s+")
_CLAUSE = re.compile(r"(?<=[,،:])\s+")
_ENDS = re.compile(r"[.!?؟…:؛;][\"»”')\]]*$")


@dataclass(frozen=True)
class Piece:
    """A piece of a document: `heading` is the way of headings down to it, `page` counts from 1 if there are pages."""

    text: str
    heading: str
    page: int | None
    language: str


@dataclass
class _Cutter:
    """Fills pieces of about `TARGET` letters and gives each away when it is full or its section ends."""

    language: str
    path: list[tuple[int, str]] = field(default_factory=list)
    held: list[tuple[str, str]] = field(default_factory=list)
    size: int = 0
    page: int | None = None

    def take(self, text: str, glue: str, page: int | None) -> Iterator[Piece]:
        """Add a sentence that goes on after a blank, or a point or row on a line of its own."""
        if self.held and (self.size >= TARGET or self.size + len(text) > LONGEST):
            last = self.held[-1][1]
            yield from self.give()
            if glue == " " and len(last) <= OVERLAP and len(last) + len(text) < LONGEST:
                self._hold(last, "", page)
        self._hold(text, glue, page)

    def _hold(self, text: str, glue: str, page: int | None) -> None:
        if not self.held:
            self.page, glue = page, ""
        self.held.append((glue, text))
        self.size += len(glue) + len(text)

    def give(self) -> Iterator[Piece]:
        """Give away what is held."""
        text = "".join(glue + text for glue, text in self.held)
        self.held, self.size = [], 0
        if any(sign.isalnum() for sign in text):
            heading = _PATH.join(name for _, name in self.path)[:_LONGEST_PATH]
            yield Piece(text, heading, self.page, detect(text) or self.language)

    def enter(self, heading: Heading) -> None:
        """Go to a new section."""
        self.path = [(level, name) for level, name in self.path if level < heading.level]
        self.path.append((heading.level, heading.text))


def pieces(pages: Sequence[Sequence[Block]], *, paged: bool, language: str = "ar") -> list[Piece]:
    """Cut a document; `paged` says that its pages are real ones, `language` is for pieces whose words don't tell."""
    cutter = _Cutter(language)
    found: list[Piece] = []
    for number, block, goes_on in _flowing(pages):
        page = number if paged else None
        if isinstance(block, Heading):
            found += cutter.give()
            cutter.enter(block)
            continue
        for place, text in enumerate(_parts(block)):
            flowing = isinstance(block, Paragraph) and (place > 0 or goes_on)
            found += cutter.take(text, " " if flowing else "\n", page)
    return [*found, *cutter.give()]


def _flowing(pages: Sequence[Sequence[Block]]) -> Iterator[tuple[int, Block, bool]]:
    """Yield every block with its page, and whether it goes on with a paragraph that the page's end had cut."""
    last: Block | None = None
    for number, page in enumerate(pages, start=1):
        for place, block in enumerate(page):
            cut = isinstance(last, Paragraph) and not _ENDS.search(last.text)
            yield number, block, place == 0 and cut and isinstance(block, Paragraph)
            last = block


def _parts(block: Block) -> Iterator[str]:
    if isinstance(block, Table):
        for row in sentences_of(block):
            yield from _cut(row, _CLAUSE)
    else:
        for sentence in _SENTENCE.split(block.text):
            yield from _cut(sentence, _CLAUSE)


def _cut(text: str, at: re.Pattern[str]) -> Iterator[str]:
    """Cut what is too long where it breathes, or anywhere between words, or anywhere."""
    if len(text) <= LONGEST:
        yield from filter(None, [text])
        return
    held = ""
    for word in at.split(text) if at is _CLAUSE else text.split():
        if held and len(held) + len(word) >= LONGEST:
            yield from _cut_finer(held, at)
            held = ""
        held = f"{held} {word}".strip()
    yield from _cut_finer(held, at)


_WORD = re.compile(r"\s+")


def _cut_finer(text: str, at: re.Pattern[str]) -> Iterator[str]:
    if len(text) <= LONGEST:
        yield text
    elif at is _CLAUSE:
        yield from _cut(text, _WORD)
    else:
        yield from (text[start : start + LONGEST] for start in range(0, len(text), LONGEST))
