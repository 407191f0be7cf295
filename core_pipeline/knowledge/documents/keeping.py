"""What was read in a document as rows: only what is new is written, only what is gone is removed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from core_pipeline.arabic.language import detect
from core_pipeline.knowledge.documents.blocks import Block, Heading, Table, read
from core_pipeline.knowledge.documents.chunking import Piece, pieces
from core_pipeline.knowledge.documents.rows import Answered, Ledger, Offer
from tenants.db import scope_of
from tenants.documents import changed
from tenants.models import Chunk, Entry, Product

Row = TypeVar("Row", bound=SQLModel)
_BATCH = 500
_ID = 32


@dataclass(frozen=True)
class Contents:
    """All that a document gives to the search."""

    pieces: tuple[Piece, ...]
    answered: tuple[Answered, ...]
    offers: tuple[Offer, ...]

    @property
    def rows(self) -> int:
        """How many rows it takes."""
        return len(self.pieces) + len(self.answered) + len(self.offers)


def contents_of(document_id: str, markup: Sequence[str], *, paged: bool) -> Contents:
    """Cut the pages of a document; its questions and prices become rows of their own, everything else pieces."""
    ledger = Ledger(f"doc-{document_id}")
    pages: list[list[Block]] = []
    for page in markup:
        rest = [block for block in read(page) if not (isinstance(block, Table) and ledger.take(block))]
        pages.append(
            rest if any(not isinstance(block, Heading) for block in rest) or not ledger.answered + ledger.offers else []
        )
    language = detect(" ".join(page[:2_000] for page in markup[:5])) or "ar"
    cut = pieces(pages, paged=paged, language=language)
    return Contents(tuple(cut), tuple(ledger.answered), tuple(ledger.offers))


async def keep(session: AsyncSession, document_id: str, contents: Contents) -> None:
    """Make the tenant's rows of this document exactly these; the same again changes nothing but the version."""
    own = {"tenant_id": scope_of(session), "document_id": document_id}
    await _settle(session, Chunk, document_id, _chunks(document_id, contents.pieces, own))
    await _settle(session, Entry, document_id, _named(contents.answered, document_id, own))
    await _settle(session, Product, document_id, _named(contents.offers, document_id, own))
    await changed(session)


def _chunks(document_id: str, cut: Iterable[Piece], own: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """A piece's id follows from its words, so that one that stays keeps its id, and what the search made of it."""
    seen: Counter[str] = Counter()
    rows = {}
    for position, piece in enumerate(cut):
        words = f"{document_id}|{piece.heading}|{piece.text}"
        seen[words] += 1
        number = sha256(f"{words}|{seen[words]}".encode()).hexdigest()[:_ID]
        rows[number] = {**own, "position": position, **vars(piece)}
    return rows


def _named(found: Iterable[Answered | Offer], document_id: str, own: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    rows = {}
    for each in found:
        number = sha256(f"{document_id}|{each.fact}|{each.language}".encode()).hexdigest()[:_ID]
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in vars(each).items()}
        rows[number] = {**own, **values}
    return rows


async def _settle(session: AsyncSession, table: type[Row], document_id: str, wanted: dict[str, dict[str, Any]]) -> None:
    kept = {row.id: row for row in await _rows(session, table, document_id)}  # type: ignore[attr-defined]  # the three tables have it
    gone = [number for number in kept if number not in wanted]
    for start in range(0, len(gone), _BATCH):
        await session.execute(delete(table).where(col(table.id).in_(gone[start : start + _BATCH])))  # type: ignore[attr-defined]  # as above
    new = [{"id": number, **values} for number, values in wanted.items() if number not in kept]
    await _make_way(session, table, new)
    for start in range(0, len(new), _BATCH):
        await session.execute(insert(table), new[start : start + _BATCH])
    for number, row in kept.items():
        values = {name: value for name, value in wanted.get(number, {}).items() if getattr(row, name) != value}
        if values:
            await session.execute(update(table).where(col(table.id) == number).values(**values))  # type: ignore[attr-defined]  # as above


async def _make_way(session: AsyncSession, table: type[Row], new: Sequence[Mapping[str, Any]]) -> None:
    """Take out what people wrote beside a document's facts, such as a translation, once the document says it itself."""
    facts = sorted({values["fact"] for values in new if "fact" in values})
    said = {(values["fact"], values["language"]) for values in new if "fact" in values}
    for start in range(0, len(facts), _BATCH):
        some: Any = table
        beside = select(table).where(col(some.fact).in_(facts[start : start + _BATCH]), col(some.document_id).is_(None))
        rows: Sequence[Any] = (await session.scalars(beside)).all()
        for row in rows:
            if (row.fact, row.language) in said:
                await session.delete(row)
    await session.flush()


async def _rows(session: AsyncSession, table: type[Row], document_id: str) -> Sequence[Row]:
    return (await session.scalars(select(table).where(col(table.document_id) == document_id))).all()  # type: ignore[attr-defined]  # as above
