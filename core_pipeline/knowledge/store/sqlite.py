"""The indexes of all tenants as one SQLite file each, `<folder>/<tenant>.db`; the files used last stay open."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TypeVar

from core_pipeline.knowledge.pieces import Kind, Piece, Section
from core_pipeline.knowledge.store import Found, Ruined, State, Vector, Wanted
from core_pipeline.knowledge.store.sqlite_file import Closed, SqliteFile
from core_pipeline.knowledge.vocabulary import Counts
from errors import Impossible

_TRIES = 5
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
T = TypeVar("T")


class SqliteStore:
    """Keeps `keep` files open and at most `memory` bytes of their vectors; a ruined file is removed."""

    def __init__(self, folder: Path, *, keep: int = 64, memory: int = 512 * 1024 * 1024) -> None:
        self._folder, self._keep, self._memory = folder, keep, memory
        self._files: OrderedDict[str, SqliteFile] = OrderedDict()
        self._lock = Lock()

    async def state(self, tenant_id: str) -> State:
        """How far the tenant's index is; asking makes no file."""
        if not self._path(tenant_id).exists():
            return State()
        return await self._with(tenant_id, lambda file: file.state())

    async def digests(self, tenant_id: str) -> dict[str, str]:
        """The digest of each piece by its id."""
        return await self._with(tenant_id, lambda file: file.digests())

    async def claim(self, tenant_id: str, version: int) -> None:
        """Announce the version that is coming."""
        await self._with(tenant_id, lambda file: file.claim(version))

    async def write(self, tenant_id: str, version: int, gone: Sequence[str], new: Sequence[Piece]) -> None:
        """Take pieces out and put new ones in."""
        await self._with(tenant_id, lambda file: file.write(version, gone, new))

    async def finish(self, tenant_id: str, version: int) -> None:
        """Note the version; leave no trace of what was removed."""
        await self._with(tenant_id, lambda file: file.finish(version))

    async def counts(self, tenant_id: str, section: Section) -> Counts:
        """The vocabulary of a section."""
        return await self._with(tenant_id, lambda file: file.counts(section))

    async def candidates(self, tenant_id: str, wanted: Wanted, vector: Vector | None, limit: int) -> Found:
        """The heaviest and the nearest pieces of each section."""
        return await self._with(tenant_id, lambda file: file.candidates(wanted, vector, limit))

    async def versions(self, tenant_id: str, facts: Sequence[str], language: str) -> dict[str, str]:
        """The id of each fact's version in a language."""
        return await self._with(tenant_id, lambda file: file.versions(facts, language))

    async def bare(self, tenant_id: str, limit: int) -> list[tuple[str, Kind]]:
        """Some of the pieces without a vector."""
        return await self._with(tenant_id, lambda file: file.bare(limit))

    async def settle(self, tenant_id: str, landmark: bytes) -> None:
        """Take another embedder's landmark."""
        await self._with(tenant_id, lambda file: file.settle(landmark))

    async def place(self, tenant_id: str, landmark: bytes, vectors: Mapping[str, bytes]) -> None:
        """Give pieces their vectors."""
        await self._with(tenant_id, lambda file: file.place(landmark, vectors))

    async def erase(self, tenant_id: str) -> None:
        """Remove the tenant's file."""
        await asyncio.to_thread(self._remove, tenant_id)

    async def close(self) -> None:
        """Close every file."""
        with self._lock:
            for file in self._files.values():
                file.close()
            self._files.clear()

    async def _with(self, tenant_id: str, work: Callable[[SqliteFile], T]) -> T:
        return await asyncio.to_thread(self._work, tenant_id, work)

    def _work(self, tenant_id: str, work: Callable[[SqliteFile], T]) -> T:
        try:
            return self._patiently(tenant_id, work)
        except Ruined:
            self._remove(tenant_id)
            raise
        finally:
            self._shed()

    def _patiently(self, tenant_id: str, work: Callable[[SqliteFile], T]) -> T:
        """Work on the file; open it again where others made it give way in between."""
        for _ in range(_TRIES):
            with suppress(Closed):
                return work(self._file(tenant_id))
        return work(self._file(tenant_id))

    def _file(self, tenant_id: str) -> SqliteFile:
        path = self._path(tenant_id)
        with self._lock:
            file = self._files.get(tenant_id)
            if file is not None and not file.there:
                self._files.pop(tenant_id).close()
                file = None
            if file is None:
                path.parent.mkdir(parents=True, exist_ok=True)
                file = self._files[tenant_id] = SqliteFile(path)
            self._files.move_to_end(tenant_id)
            return file

    def _path(self, tenant_id: str) -> Path:
        if not _NAME.fullmatch(tenant_id):
            raise Impossible("tenant-unknown", "a tenant's id holds letters, figures, - and _ only")
        return self._folder / f"{tenant_id}.db"

    def _shed(self) -> None:
        """Close files beyond the number to keep, and forget vectors beyond the memory allowed; the oldest first."""
        with self._lock:
            old = [self._files.popitem(last=False)[1] for _ in range(len(self._files) - self._keep)]
            held = sum(file.vector_bytes for file in self._files.values())
            for file in self._files.values():
                if held <= self._memory:
                    break
                held -= file.vector_bytes
                file.forget_vectors()
        for file in old:
            file.close()

    def _remove(self, tenant_id: str) -> None:
        path = self._path(tenant_id)
        with self._lock:
            file = self._files.pop(tenant_id, None)
            if file is not None:
                file.close()
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
