"""What a document is made of, and the plain markup in which its pages are kept, shown and edited.

`# heading`, `- item`, `| cell | cell |` (a row of dashes after the first row says that it names the columns), anything
else is a paragraph; blocks stand apart by an empty line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

DEEPEST = 6


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the highest."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Item:
    """One point of a list."""

    text: str


@dataclass(frozen=True)
class Table:
    """Rows of cells; with `headed`, the first row names the columns."""

    rows: tuple[tuple[str, ...], ...]
    headed: bool = False


Block: TypeAlias = Heading | Paragraph | Item | Table

_HEADING = re.compile(r"(#{1,6})[ \t]+(.*?)[ \t]*#*")
_ITEM = re.compile(r"[-*+•▪●◦–][ \t]+(.*)|(?=\d|[٠-٩])((?:[0-9]|[٠-٩]){1,3}[.)\-][ \t]+.*)")
_RULE = re.compile(r"\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)*\|?")
_SPECIAL = re.compile(r"(?=[#|\\]|[-*+•▪●◦–][ \t]|(?:[0-9]|[٠-٩]){1,3}[.)\-][ \t])")
_CELL = re.compile(r"(?<!\\)\|")


def written(blocks: Iterable[Block]) -> str:
    """Return a page of blocks as markup; `read` gives the same blocks back."""
    lines: list[str] = []
    last: Block | None = None
    for block in blocks:
        if last is not None and not (isinstance(block, Item) and isinstance(last, Item)):
            lines.append("")
        lines += _lines(block)
        last = block
    return "\n".join(lines)


def _lines(block: Block) -> list[str]:
    if isinstance(block, Table):
        return list(_table_lines(block))
    text = " ".join(block.text.split())
    if isinstance(block, Heading):
        return [f"{'#' * min(block.level, DEEPEST)} {text}"]
    return [
        f"- {text}" if isinstance(block, Item) else _SPECIAL.sub(r"\\", text, count=1) if _SPECIAL.match(text) else text
    ]


def _table_lines(table: Table) -> Iterator[str]:
    for number, row in enumerate(table.rows):
        yield "| " + " | ".join(" ".join(cell.split()).replace("|", r"\|") for cell in row) + " |"
        if table.headed and number == 0:
            yield "|" + "---|" * len(row)


def read(markup: str) -> list[Block]:
    """Return the blocks of a page; every text is some markup."""
    reader = _Reader()
    for line in markup.splitlines():
        reader.take(" ".join(line.split()))
    reader.finish()
    return [block for block in reader.blocks if isinstance(block, Table) or block.text]


class _Reader:
    """Collects blocks line by line."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._paragraph: list[str] = []
        self._rows: list[str] = []

    def finish(self) -> None:
        """End the paragraph or table that is open."""
        if self._paragraph:
            self.blocks.append(Paragraph(" ".join(self._paragraph)))
        if self._rows:
            self.blocks.append(_table(self._rows))
        self._paragraph, self._rows = [], []

    def take(self, line: str) -> None:
        """Read one line."""
        if line.startswith("|"):
            if self._paragraph:
                self.finish()
            self._rows.append(line)
            return
        if self._rows or not line:
            self.finish()
        if line:
            self._take_text(line)

    def _take_text(self, line: str) -> None:
        heading, item = _HEADING.fullmatch(line), _ITEM.fullmatch(line)
        if heading is None and item is None:
            self._paragraph.append(line.removeprefix("\\"))
            return
        self.finish()
        if heading:
            self.blocks.append(Heading(heading[2], len(heading[1])))
        elif item:
            self.blocks.append(Item(item[1] or item[2] or ""))


def _table(lines: Sequence[str]) -> Table:
    headed = len(lines) > 1 and bool(_RULE.fullmatch(lines[1]))
    kept = [line for line in lines if not _RULE.fullmatch(line)]
    return Table(tuple(_cells(line) for line in kept), headed)


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip().replace(r"\|", "|") for cell in _CELL.split(line.removeprefix("|").removesuffix("|")))
