"""Streams that are closed when their reader leaves: a vendor is not to go on talking to nobody."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Part = TypeVar("Part")


@asynccontextmanager
async def flowing(stream: AsyncIterator[Part]) -> AsyncIterator[AsyncIterator[Part]]:
    """Read the stream within the block; leaving closes it at once, read to its end or not."""
    try:
        yield stream
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
