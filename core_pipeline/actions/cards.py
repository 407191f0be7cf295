"""Cards: a short message beside the answer, made of what the tenant knows and of nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core_pipeline.contracts.engines import Passage
from tenants.models import Chunk, Document

_LINK = re.compile(r"https?://[^\s<>\"'،؛]+")
_LONGEST = 700
_LONGEST_TITLE = 120


@dataclass(frozen=True)
class Card:
    """A title, some lines and a link, which may be empty."""

    title: str
    body: str
    url: str

    @property
    def text(self) -> str:
        """The card as one text message."""
        url = "" if self.url in self.body else self.url
        return "\n".join(part for part in (self.title, self.body, url) if part)


async def card_of(session: AsyncSession, name: str, passages: Sequence[Passage]) -> Card | None:
    """The card of one of the passages found for this question, named by id or by its place ("p1"); else None."""
    named = {f"p{place}": each for place, each in enumerate(passages, 1)} | {each.id: each for each in passages}
    passage = named.get(name)
    if passage is None:
        return None
    title, body = passage.question or passage.source, (passage.extract or passage.answer).strip()
    link = _LINK.search(passage.answer)
    url = link[0].rstrip(".,)؟?!") if link else await _address(session, passage.id)
    return Card(title[:_LONGEST_TITLE].strip(), body if len(body) <= _LONGEST else f"{body[:_LONGEST]}…", url)


async def _address(session: AsyncSession, chunk_id: str) -> str:
    """Where the page lies that a piece was taken from; empty for files."""
    asked = select(col(Document.url)).join(Chunk, col(Chunk.document_id) == col(Document.id))
    return await session.scalar(asked.where(col(Chunk.id) == chunk_id)) or ""
