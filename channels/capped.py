"""Streams a stranger's file without ever taking more of it than we want."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx

from errors import Impossible


async def capped(response: httpx.Response, cap: int) -> AsyncIterator[bytes]:
    """Yield the body as it comes; `Impossible` as soon as it is more than `cap` bytes."""
    got = 0
    # Raw on purpose: a compressed body could grow past the cap inside one chunk.
    async for chunk in response.aiter_raw():
        got += len(chunk)
        within(cap, got)
        yield chunk


def within(cap: int, size: int | None) -> None:
    """Refuse a size that is known to be over the cap."""
    if size is not None and size > cap:
        raise Impossible("media-too-large", f"more than {cap} bytes")
