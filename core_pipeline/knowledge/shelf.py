"""Keeps one search index per tenant in memory, rebuilt when the tenant's knowledge changes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING

from core_pipeline.knowledge import Entry
from core_pipeline.knowledge.search import Index
from tenants.knowledge import entries, version

if TYPE_CHECKING:
    from core_pipeline.contracts.engines import Passage
    from tenants.db import Database


class Shelf:
    """Searches tenants' questions and answers; keeps the indexes of the `keep` tenants used last."""

    def __init__(self, db: Database, keep: int = 64) -> None:
        self._db = db
        self._keep = keep
        self._indexes: OrderedDict[str, tuple[int, Index]] = OrderedDict()

    async def search(self, tenant_id: str, text: str, language: str) -> tuple[Passage, ...]:
        """The tenant's passages that fit the text best, best first."""
        index = await self._index(tenant_id)
        return tuple(await asyncio.to_thread(index.search, text, language))

    async def _index(self, tenant_id: str) -> Index:
        async with self._db.tenant(tenant_id, reads=True) as session:
            newest = await version(session)
            kept = self._indexes.get(tenant_id)
            if kept is not None and kept[0] == newest:
                self._indexes.move_to_end(tenant_id)
                return kept[1]
            rows = await entries(session)
        index = await asyncio.to_thread(
            Index, [Entry(r.id, r.question, r.answer, r.language, tuple(r.alternatives), r.fact) for r in rows]
        )
        self._indexes[tenant_id] = (newest, index)
        while len(self._indexes) > self._keep:
            self._indexes.popitem(last=False)
        return index
