"""What a format's reader gives: pages of blocks; and the mending that all formats but PDF share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from core_pipeline.knowledge.documents.blocks import Block, Table
from core_pipeline.knowledge.documents.mending.lines import mend_lines


@dataclass(frozen=True)
class Draft:
    """Pages of blocks; `mended` when their text was put right, `title` if the file itself has one."""

    pages: list[list[Block]]
    mended: bool = False
    title: str = ""


def mended(draft: Draft) -> Draft:
    """Return the draft with every text in it put right."""
    texts = [text for page in draft.pages for block in page for text in _texts(block)]
    lines, changed = mend_lines(texts)
    rest = iter(lines)
    pages = [[_rewritten(block, lambda _: next(rest)) for block in page] for page in draft.pages]
    (title,), _ = mend_lines([draft.title])
    return Draft(pages, changed or draft.mended, title)


def _texts(block: Block) -> Iterator[str]:
    if isinstance(block, Table):
        for row in block.rows:
            yield from row
    else:
        yield block.text


def _rewritten(block: Block, write: Callable[[str], str]) -> Block:
    if isinstance(block, Table):
        return Table(tuple(tuple(write(cell) for cell in row) for row in block.rows), block.headed)
    return replace(block, text=write(block.text))
