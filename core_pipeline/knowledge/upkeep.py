"""Brings a tenant's index to what the tenant's rows say, whatever happened to either."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from core_pipeline.knowledge.pieces import Known, Piece, digest, piece
from core_pipeline.knowledge.rows import Rows
from core_pipeline.knowledge.spaces import Progress
from core_pipeline.knowledge.store import Outrun, Ruined, Store
from errors import Impossible, Retryable

_BATCH = 250
_TRIES = 5


class Upkeep:
    """Compares rows with pieces by digest and writes the difference in batches.

    Each batch is all or nothing and the version is noted last, so a process that dies on the way leaves an index that
    the next one repairs. Two that run at once write the same; the one that began with newer rows goes on alone.
    """

    def __init__(self, store: Store, rows: Rows) -> None:
        self._store, self._rows = store, rows

    async def done(self, tenant_id: str) -> bool:
        """Whether the index holds the tenant's newest rows; `Impossible` when there is no such tenant."""
        version = await self._version(tenant_id)
        try:
            return (await self._store.state(tenant_id)).version == version
        except Ruined:
            return False

    async def sync(self, tenant_id: str, progress: Progress | None = None) -> None:
        """Bring the index to the newest version; `Retryable` if the rows change faster than they can be read."""
        for _ in range(_TRIES):
            try:
                if await self.done(tenant_id) or await self._bring(tenant_id, progress):
                    return
            except Ruined:
                continue
            except Outrun:
                await self._after_a_restore(tenant_id)
        raise Retryable("search-sync", "the knowledge keeps changing: sync again", after=1.0)

    async def _bring(self, tenant_id: str, progress: Progress | None) -> bool:
        version = await self._version(tenant_id)
        await self._store.claim(tenant_id, version)
        known, seen = await self._store.digests(tenant_id), set[str]()
        total = await self._rows.count(tenant_id)
        async for page in self._rows.every(tenant_id):
            changed = await asyncio.to_thread(_changed, page, known)
            for start in range(0, len(changed), _BATCH):
                new = await asyncio.to_thread(_pieces, changed[start : start + _BATCH])
                await self._store.write(tenant_id, version, [], new)
            seen.update(each.id for each in page)
            if progress is not None:
                await progress(min(1.0, len(seen) / max(total, 1)))
        gone = sorted(known.keys() - seen)
        for start in range(0, len(gone), _BATCH):
            await self._store.write(tenant_id, version, gone[start : start + _BATCH], [])
        if await self._version(tenant_id) != version:
            return False
        await self._store.finish(tenant_id, version)
        return True

    async def _after_a_restore(self, tenant_id: str) -> None:
        """Drop an index that is ahead of the rows: they were brought back from a copy."""
        claimed = (await self._store.state(tenant_id)).claimed
        if await self._version(tenant_id) < claimed:
            await self._store.erase(tenant_id)

    async def _version(self, tenant_id: str) -> int:
        version = await self._rows.version(tenant_id)
        if version is None:
            raise Impossible("tenant-unknown")
        return version


def _changed(page: Sequence[Known], known: dict[str, str]) -> list[Known]:
    return [each for each in page if known.get(each.id) != digest(each)]


def _pieces(known: Sequence[Known]) -> list[Piece]:
    return [piece(each) for each in known]
