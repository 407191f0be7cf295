"""Reading ahead: an engine is free again when it has finished, not when its listener has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, TypeVar

T = TypeVar("T")
_END: Any = object()


async def ahead(stream: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """Yield what the stream yields, which is read and closed as fast as it comes; raises its error in its place.

    What lies ready is kept in memory: it is for answers and sayings, not for films. Leaving closes the stream.
    """
    parts: asyncio.Queue[T] = asyncio.Queue()
    reading = asyncio.create_task(_read(stream, parts))
    try:
        while (part := await parts.get()) is not _END:
            yield part
        await reading
    finally:
        reading.cancel()
        await asyncio.wait([reading])


async def _read(stream: AsyncGenerator[T, None], parts: asyncio.Queue[T]) -> None:
    try:
        async with aclosing(stream):
            async for part in stream:
                parts.put_nowait(part)
    finally:
        parts.put_nowait(_END)
