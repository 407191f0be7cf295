"""What was read in a document, as a person looks through it: a page of the original at a time, long ones in parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from core_pipeline.knowledge.documents.blocks import Block, Table, read
from errors import Impossible
from tenants import documents
from tenants.models import DocumentState, now

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

LONGEST_PAGE = 400_000
_PART, _ROWS = 8_000, 60


@dataclass(frozen=True)
class View:
    """Page `number` of `pages` (from 1), and of it the part `part` of `parts`; `markup` is all of the page.

    `mark` differs when the page's text does.
    """

    number: int
    pages: int
    part: int
    parts: int
    blocks: tuple[Block, ...]
    markup: str
    mark: str


def view(pages: Sequence[str], number: int, part: int) -> View:
    """A part of a page; numbers beyond the ends give the nearest there is, and no pages an empty one."""
    number = min(max(number, 1), max(len(pages), 1))
    markup = pages[number - 1] if pages else ""
    parts = list(_parts(read(markup))) or [()]
    part = min(max(part, 1), len(parts))
    return View(number, len(pages), part, len(parts), parts[part - 1], markup, mark_of(markup))


def mark_of(markup: str) -> str:
    """What differs when a page's text does."""
    return sha256(markup.encode("utf-8", "replace")).hexdigest()[:24]


async def correct(session: AsyncSession, document_id: str, number: int, markup: str, shown: str) -> None:
    """Put a page right: one that waits for approval goes on waiting, another is read into the search anew.

    `shown` is the mark of the text that was corrected. Raises `Impossible` document-changed, document-page,
    document-page-long, and document-busy while somebody works on it.
    """
    await documents.alone(session)
    document = await documents.find(session, document_id)
    if not 1 <= number <= len(document.pages):
        raise Impossible("document-page", "the document has no such page any more")
    if mark_of(document.pages[number - 1]) != shown:
        raise Impossible("document-changed", "somebody changed this page meanwhile: look at it again")
    if len(markup) > LONGEST_PAGE:
        raise Impossible("document-page-long", f"at most {LONGEST_PAGE} letters a page")
    pages = [*document.pages]
    pages[number - 1] = markup.replace("\0", "").encode("utf-8", "ignore").decode()
    if document.state == DocumentState.APPROVAL:
        document.pages, document.updated_at = pages, now()
        await session.flush()
    else:
        await documents.rewrite(session, document_id, pages, waiting=False)


def _parts(blocks: Sequence[Block]) -> Iterator[tuple[Block, ...]]:
    part: list[Block] = []
    size = 0
    for block in (piece for whole in blocks for piece in _pieces(whole)):
        length = sum(len(cell) for row in block.rows for cell in row) if isinstance(block, Table) else len(block.text)
        if part and size + length > _PART:
            yield tuple(part)
            part, size = [], 0
        part.append(block)
        size += length
    if part:
        yield tuple(part)


def _pieces(block: Block) -> Iterator[Block]:
    """A long table as several, each under the names of its columns; a long paragraph as several."""
    if isinstance(block, Table):
        head, rows = (block.rows[:1], block.rows[1:]) if block.headed else ((), block.rows)
        for start in range(0, max(len(rows), 1), _ROWS):
            yield replace(block, rows=(*head, *rows[start : start + _ROWS]))
    else:
        for start in range(0, max(len(block.text), 1), _PART):
            yield replace(block, text=block.text[start : start + _PART])
