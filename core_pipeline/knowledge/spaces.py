"""Vectors of what a tenant knows: made behind the search's back, and anew when the embedder is another.

An embedder is known by where it puts a certain text (its landmark), so that another model behind the same name is
noticed and one that was only restarted is not.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import numpy as np

from core_pipeline.contracts.engines import Embedder
from core_pipeline.knowledge.pieces import Kind, embeddable
from core_pipeline.knowledge.rows import Rows
from core_pipeline.knowledge.store import State, Store, Vector
from errors import Impossible

EmbedderOf: TypeAlias = Callable[[str], Awaitable[Embedder | None]]
Progress: TypeAlias = Callable[[float], Awaitable[None]]

_LANDMARK = "مواعيد العمل والأسعار والتوصيل. Opening hours, prices and delivery."
_BATCH = 32
_LISTED = 2048
_SAME = 0.999
_SECONDS = 2.0
_REST = 30.0
_TRUST = 60.0
_log = logging.getLogger(__name__)


class Spaces:
    """Gives tenants' pieces their vectors, and questions theirs; without an embedder it does nothing."""

    def __init__(self, store: Store, rows: Rows, embedder_of: EmbedderOf | None) -> None:
        self._store, self._rows, self._embedder_of = store, rows, embedder_of
        self._trusted: dict[str, tuple[bytes, float]] = {}
        self._resting: dict[str, float] = {}
        self._filled: dict[str, int] = {}

    def wanting(self, tenant_id: str, state: State) -> bool:
        """Whether it is time to fill: not done for this version of the index, and no failure a moment ago."""
        unfilled = self._filled.get(tenant_id) != state.version
        return self._embedder_of is not None and unfilled and not self._rests(tenant_id)

    def forget(self, tenant_id: str) -> None:
        """Drop what is kept of a tenant in memory."""
        for kept in (self._filled, self._resting, self._trusted):
            kept.pop(tenant_id, None)

    async def fill(self, tenant_id: str, progress: Progress | None = None) -> None:
        """Give every piece a vector of the tenant's embedder; one that fails is left alone for a while."""
        try:
            version = (await self._store.state(tenant_id)).version
            embedder = await self._embedder(tenant_id)
            if embedder is not None:
                await self._fill(tenant_id, embedder, await self._settled(tenant_id, embedder), progress)
            self._filled[tenant_id] = version
            self._resting.pop(tenant_id, None)
        except Exception as error:  # noqa: BLE001 - whatever ails an engine, search goes on by words
            self._rest(tenant_id, error)

    async def of(self, tenant_id: str, state: State, questions: Sequence[str]) -> list[Vector | None]:
        """The questions' vectors in the space of the tenant's index; None where there are none in time."""
        nothing: list[Vector | None] = [None] * len(questions)
        if self._embedder_of is None or self._rests(tenant_id):
            return nothing
        try:
            async with asyncio.timeout(_SECONDS):
                embedder = await self._embedder(tenant_id)
                found = await self._placed(tenant_id, state, embedder, questions) if embedder else None
        except Exception as error:  # noqa: BLE001 - as above
            self._rest(tenant_id, error)
            return nothing
        return nothing if found is None else [*found]

    async def _placed(
        self, tenant_id: str, state: State, embedder: Embedder, questions: Sequence[str]
    ) -> list[Vector] | None:
        """The questions' vectors; the landmark goes with them now and then to see that the space is still the same."""
        now = asyncio.get_running_loop().time()
        trusted, until = self._trusted.get(tenant_id, (b"", 0.0))
        if trusted == state.landmark and now < until:
            vectors = await _vectors(embedder, questions)
            same = all(vector.nbytes == len(trusted) for vector in vectors)
        else:
            landmark, *vectors = await _vectors(embedder, [_LANDMARK, *questions])
            same = _same(state.landmark, landmark)
            self._trusted[tenant_id] = state.landmark, now + _TRUST
        if not same:
            self._trusted.pop(tenant_id, None)
            self._filled.pop(tenant_id, None)
        return vectors if same else None

    def _rests(self, tenant_id: str) -> bool:
        return self._resting.get(tenant_id, 0.0) > asyncio.get_running_loop().time()

    async def _embedder(self, tenant_id: str) -> Embedder | None:
        return await self._embedder_of(tenant_id) if self._embedder_of else None

    def _rest(self, tenant_id: str, error: Exception) -> None:
        self._resting[tenant_id] = asyncio.get_running_loop().time() + _REST
        _log.warning("no vectors for a while: %s", getattr(error, "code", type(error).__name__))

    async def _settled(self, tenant_id: str, embedder: Embedder) -> bytes:
        """The landmark of the index, after making it this embedder's."""
        kept = (await self._store.state(tenant_id)).landmark
        mine = (await _vectors(embedder, [_LANDMARK]))[0]
        if _same(kept, mine):
            return kept
        await self._store.settle(tenant_id, mine.tobytes())
        return mine.tobytes()

    async def _fill(self, tenant_id: str, embedder: Embedder, landmark: bytes, progress: Progress | None) -> None:
        total = await self._rows.count(tenant_id)
        gone = done = 0
        while bare := (await self._store.bare(tenant_id, gone + _LISTED))[gone:]:
            for start in range(0, len(bare), _BATCH):
                batch = bare[start : start + _BATCH]
                placed = await self._place(tenant_id, embedder, landmark, batch)
                gone += len(batch) - placed
                done += placed
                if progress is not None:
                    await progress(min(1.0, done / max(total, 1)))

    async def _place(
        self, tenant_id: str, embedder: Embedder, landmark: bytes, bare: Sequence[tuple[str, Kind]]
    ) -> int:
        _, known = await self._rows.some(tenant_id, bare)
        if known:
            vectors = await _vectors(embedder, [embeddable(each) for each in known.values()])
            if any(vector.nbytes != len(landmark) for vector in vectors):
                raise Impossible("embedder-dimension", "its vectors differ in length: check the engine's model")
            placed = {id_: vector.tobytes() for id_, vector in zip(known, vectors, strict=True)}
            await self._store.place(tenant_id, landmark, placed)
        return len(known)


def _same(kept: bytes, mine: Vector) -> bool:
    return len(kept) == mine.nbytes and float(np.frombuffer(kept, dtype=np.float32) @ mine) > _SAME


async def _vectors(embedder: Embedder, texts: Sequence[str]) -> list[Vector]:
    """Ask for vectors and bring them to unit length; `Impossible` when they are no directions."""
    found = []
    for given in await embedder.embed(texts):
        vector = np.asarray(given, dtype=np.float32)
        length = float(np.linalg.norm(vector))
        if not np.isfinite(length) or length == 0:
            raise Impossible("embedder-vector", "it gave a vector without direction: check the engine's model")
        found.append(vector / np.float32(length))
    if len(found) != len(texts):
        raise Impossible("embedder-count", "it gave another number of vectors than texts: check the engine")
    return found
