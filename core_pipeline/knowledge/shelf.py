"""Searches what tenants know: the index is brought up to date on the way, vectors follow behind."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy.engine import make_url

from core_pipeline.arabic.smalltalk import take_apart
from core_pipeline.contracts.engines import Passage
from core_pipeline.knowledge.finder import Finder
from core_pipeline.knowledge.passages import passage
from core_pipeline.knowledge.ranking import ANSWERABLE, Hit, arrange
from core_pipeline.knowledge.rows import Rows
from core_pipeline.knowledge.spaces import EmbedderOf, Progress, Spaces
from core_pipeline.knowledge.store import Ruined, State, Store, Vector
from core_pipeline.knowledge.store.postgres import PostgresStore
from core_pipeline.knowledge.store.sqlite import SqliteStore
from core_pipeline.knowledge.upkeep import Upkeep
from tenants.db import Database

Rewrite: TypeAlias = Callable[[str, str, str], Awaitable[Sequence[str]]]

_PATIENCE = 2.0
_REWRITING = 4.0
_log = logging.getLogger(__name__)


def open_store(db: Database, folder: Path | None = None) -> Store:
    """The store that goes with the database: its own tables on Postgres, else files in `folder`.

    Without a folder the files lie in `search` beside the database's.
    """
    url = make_url(db.url)
    if url.get_backend_name() != "sqlite":
        return PostgresStore(db)
    return SqliteStore(folder or Path(url.database or "var").parent / "search")


class Shelf:
    """Searches each tenant's questions and answers, products and documents.

    `embedder_of` gives a tenant's embedder or None; `rewrite` (tenant, question, language) gives other wordings of a
    question, asked for only when nothing was found that answers it. `patience` is how many seconds a search waits for
    an index that is being brought up to date before it searches what there is.
    """

    def __init__(
        self,
        db: Database,
        folder: Path | None = None,
        embedder_of: EmbedderOf | None = None,
        rewrite: Rewrite | None = None,
        patience: float = _PATIENCE,
    ) -> None:
        self._rows = Rows(db)
        self._store = open_store(db, folder)
        self._upkeep = Upkeep(self._store, self._rows)
        self._spaces = Spaces(self._store, self._rows, embedder_of)
        self._finder = Finder(self._store)
        self._rewrite = rewrite
        self._patience = patience
        self._running: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def search(self, tenant_id: str, text: str, language: str, limit: int = 5) -> tuple[Passage, ...]:
        """The tenant's passages that fit the text best, best first; several questions as `ranking.arrange` says."""
        questions = take_apart(text).questions
        if not questions:
            return ()
        for last in (False, True):
            try:
                return await self._search(tenant_id, questions, language, limit)
            except Ruined:
                if last:
                    raise
                _log.warning("a search index was ruined and is made anew")
        return ()

    async def sync(self, tenant_id: str, progress: Progress | None = None) -> None:
        """Bring the index to the tenant's rows, then its vectors; `progress` is told 0..1 of each in turn.

        `Impossible("tenant-unknown")` when there is no such tenant. An embedder that fails costs the vectors only:
        searches go on by words and have them made later.
        """
        while not await self._upkeep.done(tenant_id):
            await asyncio.shield(self._once("sync", tenant_id, self._upkeep.sync(tenant_id, progress)))
        await asyncio.shield(self._once("fill", tenant_id, self._spaces.fill(tenant_id, progress)))
        if progress is not None:
            await progress(1.0)

    async def forget(self, tenant_id: str) -> None:
        """Drop the tenant's index and all that is kept of it in memory."""
        await self._end([key for key in self._running if key[1] == tenant_id])
        self._finder.forget(tenant_id)
        self._spaces.forget(tenant_id)
        await self._store.erase(tenant_id)

    async def close(self) -> None:
        """End what runs behind the searches and close the store; the database is its owner's to close."""
        await self._end(list(self._running))
        await self._store.close()

    async def _search(self, tenant_id: str, questions: Sequence[str], language: str, limit: int) -> tuple[Passage, ...]:
        """Search, read the rows found, and do it once more if these are newer than the index."""
        for last in (False, True):
            state = await self._store.state(tenant_id)
            found = await self._all(tenant_id, state, questions, language, limit)
            wanted = {(hit.id, hit.kind) for hits in found for hit in hits}
            version, known = await self._rows.some(tenant_id, wanted)
            if last or version in {None, state.version}:
                break
            await self._freshen(tenant_id, state)
        said = [[passage(known[hit.id], hit) for hit in hits if hit.id in known] for hits in found]
        return tuple(arrange(said, limit))

    async def _all(
        self, tenant_id: str, state: State, questions: Sequence[str], language: str, limit: int
    ) -> list[list[Hit]]:
        if not state.changes:
            return []
        vectors = await self._spaces.of(tenant_id, state, questions)
        if self._spaces.wanting(tenant_id, state):
            self._once("fill", tenant_id, self._spaces.fill(tenant_id))
        pairs = zip(questions, vectors, strict=True)
        return [await self._best(tenant_id, state, question, vector, language, limit) for question, vector in pairs]

    async def _best(
        self, tenant_id: str, state: State, question: str, vector: Vector | None, language: str, limit: int
    ) -> list[Hit]:
        found = await self._finder.find(tenant_id, state, question, vector, language, limit)
        if self._rewrite is None or _answers(found):
            return found
        for wording in await self._rewritten(tenant_id, question, language):
            if _answers(other := await self._finder.find(tenant_id, state, wording, None, language, limit)):
                return other
        return found

    async def _rewritten(self, tenant_id: str, question: str, language: str) -> Sequence[str]:
        if self._rewrite is None:
            return ()
        try:
            async with asyncio.timeout(_REWRITING):
                return await self._rewrite(tenant_id, question, language)
        except Exception as error:  # noqa: BLE001 - a help that fails must not cost the search
            _log.warning("a question was not rewritten: %s", getattr(error, "code", type(error).__name__))
            return ()

    async def _freshen(self, tenant_id: str, state: State) -> None:
        """Bring the index up to date if that is soon done; what takes longer, or fails, leaves us what there is."""
        syncing = self._once("sync", tenant_id, self._upkeep.sync(tenant_id))
        done, _ = await asyncio.wait([syncing], timeout=self._patience)
        for task in done if not state.changes else ():
            task.result()

    def _once(self, what: str, tenant_id: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """The one task of its kind that runs for the tenant in this process: the running one, or this work."""
        key = what, tenant_id
        running = self._running.get(key)
        if running is not None:
            work.close()
            return running
        running = self._running[key] = asyncio.create_task(work)
        running.add_done_callback(lambda task: self._ended(key, task))
        return running

    def _ended(self, key: tuple[str, str], task: asyncio.Task[None]) -> None:
        self._running.pop(key, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.warning("%s of a search index ended: %s", key[0], getattr(error, "code", type(error).__name__))

    async def _end(self, keys: Sequence[tuple[str, str]]) -> None:
        for task in [self._running[key] for key in keys if key in self._running]:
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


def _answers(found: Sequence[Hit]) -> bool:
    return bool(found) and found[0].sure >= ANSWERABLE
