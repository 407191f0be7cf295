"""Why the bot said what it said: the passages it rests on, and what every stage took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from errors import Impossible
from tenants.models import Chunk, Document, Entry, Product, Turn, TurnStage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

CACHED = "cached"


@dataclass(frozen=True)
class Cited:
    """A piece of what the business knows: `title` is a question, a product, or a document."""

    id: str
    title: str
    text: str
    page: int | None = None


@dataclass(frozen=True)
class Why:
    """A turn with the passages and stages behind it; `cost` in millionths of a US dollar, `ms` the stages' sum.

    `gone` is how many of the passages are no longer known.
    """

    turn: Turn
    cited: tuple[Cited, ...]
    stages: tuple[TurnStage, ...]
    ms: float
    cost: int
    gone: int


async def why(session: AsyncSession, turn_id: str) -> Why:
    """What is known of a turn; `Impossible("missing")` when it is none of the tenant's."""
    turn = await session.scalar(select(Turn).where(col(Turn.id) == turn_id))
    if turn is None:
        raise Impossible("missing", "there is no such answer")
    stages = (await session.scalars(select(TurnStage).where(col(TurnStage.turn_id) == turn_id))).all()
    cited = await _cited(session, turn.citations)
    gone = len(set(turn.citations)) - len(cited)
    ms, cost = sum(one.ms for one in stages), sum(one.cost for one in stages)
    return Why(turn, tuple(cited), tuple(stages), ms, cost, gone)


async def _cited(session: AsyncSession, ids: Sequence[str]) -> list[Cited]:
    entries = await session.scalars(select(Entry).where(col(Entry.id).in_(ids)))
    found = {one.id: Cited(one.id, one.question, one.answer) for one in entries}
    for ware in await session.scalars(select(Product).where(col(Product.id).in_(ids))):
        price = f"{ware.price or ''} {ware.currency}".strip()
        found[ware.id] = Cited(ware.id, ware.name, " · ".join(part for part in (ware.description, price) if part))
    pieces = (
        select(Chunk, col(Document.title))
        .join(Document, col(Document.id) == col(Chunk.document_id))
        .where(col(Chunk.id).in_(ids))
    )
    for chunk, title in await session.execute(pieces):
        found[chunk.id] = Cited(chunk.id, title, chunk.text, chunk.page)
    return [found[one] for one in dict.fromkeys(ids) if one in found]
