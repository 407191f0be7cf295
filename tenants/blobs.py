"""Blobs: media and documents as files, in a local folder or an S3 bucket, always under their tenant."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from obstore import delete_async, get_async, put_async
from obstore import list as list_objects
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from errors import Impossible, Retryable
from tenants.models import new_id

PART = re.compile(r"[A-Za-z0-9_-]{1,64}")
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9]{1,8})?")
BATCH = 1000


class Blobs:
    """One store; `url` is "file:///folder" or "s3://bucket/prefix", `options` are obstore's for S3."""

    def __init__(self, url: str, options: Mapping[str, Any] | None = None) -> None:
        parts = urlsplit(url)
        self._folder = Path(unquote(parts.path)) if parts.scheme == "file" else None
        if self._folder is not None:
            self._store: Any = LocalStore(self._folder, mkdir=True)
        else:
            self._store = from_url(url, **(options or {}))
        self._synced: set[Path] = set()

    async def put(self, tenant_id: str, kind: str, data: bytes, suffix: str = "") -> str:
        """Keep the bytes, whole and on disk before this returns; give their key `tenant/kind/id<suffix>`."""
        key = _checked(tenant_id, f"{tenant_id}/{kind}/{new_id()}{suffix}")
        async with _trouble():
            await put_async(self._store, key, data)
            if self._folder is not None:
                await asyncio.to_thread(self._sync, self._folder / key)
        return key

    async def get(self, tenant_id: str, key: str) -> bytes:
        """Read a blob of this tenant; `Impossible("blob-missing")` if there is none, `("blob-key")` for a wrong key."""
        async with _trouble():
            found = await get_async(self._store, _checked(tenant_id, key))
            return bytes(await found.bytes_async())

    async def delete(self, tenant_id: str, key: str) -> None:
        """Remove the bytes; it is no error if they are gone already."""
        try:
            async with _trouble():
                await delete_async(self._store, _checked(tenant_id, key))
        except Impossible as error:
            if error.code != "blob-missing":
                raise

    async def erase(self, tenant_id: str) -> int:
        """Remove every blob of the tenant; return how many."""
        if not PART.fullmatch(tenant_id):
            raise Impossible("blob-key")
        gone = 0
        async with _trouble():
            async for batch in list_objects(self._store, prefix=tenant_id, chunk_size=BATCH):
                await delete_async(self._store, [found["path"] for found in batch])
                gone += len(batch)
        return gone

    def _sync(self, file: Path) -> None:
        """The store renames a whole file into place but leaves it, and new folders, to the disk's own time."""
        _fsync(file)
        for folder in file.parents:
            if folder == self._folder or folder not in self._synced or folder == file.parent:
                _fsync(folder)
            if folder == self._folder:
                break
            self._synced.add(folder)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _checked(tenant_id: str, key: str) -> str:
    """Let only well-formed keys of this tenant through: no traversal, no neighbour."""
    parts = key.split("/")
    if len(parts) != 3 or parts[0] != tenant_id:
        raise Impossible("blob-key", "not a key of this tenant")
    if not (PART.fullmatch(parts[0]) and PART.fullmatch(parts[1]) and NAME.fullmatch(parts[2])):
        raise Impossible("blob-key", "malformed")
    return key


@asynccontextmanager
async def _trouble() -> AsyncIterator[None]:
    """Translate the store's errors into what to do next."""
    try:
        yield
    except FileNotFoundError:
        raise Impossible("blob-missing") from None
    except (BaseError, OSError) as error:
        raise Retryable("blobs-down", type(error).__name__, after=1.0) from error
