"""The vocabularies of the tenants searched last, read again when their index has changed."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass

from core_pipeline.knowledge.pieces import Section
from core_pipeline.knowledge.store import State, Store
from core_pipeline.knowledge.vocabulary import Vocabulary

# While an index is being written, reading its vocabulary may take one part in so many of the time.
_SELDOM = 20


@dataclass(frozen=True)
class _Kept:
    version: int
    changes: int
    vocabulary: Vocabulary
    read_at: float
    cost: float


class Vocabularies:
    """Keeps the `keep` vocabularies used last."""

    def __init__(self, store: Store, keep: int = 128) -> None:
        self._store, self._keep = store, keep
        self._kept: OrderedDict[tuple[str, Section], _Kept] = OrderedDict()

    async def of(self, tenant_id: str, section: Section, state: State) -> Vocabulary:
        """The vocabulary of the index in this state; of a little earlier while the index is being written."""
        key = tenant_id, section
        kept = self._kept.get(key)
        if kept is None or not _fresh_enough(kept, state):
            kept = self._kept[key] = await self._read(tenant_id, section, state)
            while len(self._kept) > self._keep:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return kept.vocabulary

    def forget(self, tenant_id: str) -> None:
        """Drop a tenant's vocabularies."""
        for section in Section:
            self._kept.pop((tenant_id, section), None)

    async def _read(self, tenant_id: str, section: Section, state: State) -> _Kept:
        begun = time.monotonic()
        counts = await self._store.counts(tenant_id, section)
        vocabulary = await asyncio.to_thread(Vocabulary, counts)
        read_at = time.monotonic()
        return _Kept(state.version, state.changes, vocabulary, read_at, read_at - begun)


def _fresh_enough(kept: _Kept, state: State) -> bool:
    if kept.version != state.version:
        return False
    return kept.changes == state.changes or time.monotonic() - kept.read_at < _SELDOM * kept.cost
