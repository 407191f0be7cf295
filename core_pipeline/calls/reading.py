"""Reads an answer ahead of who speaks it, so that the next sentence is found while the last is played."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from core_pipeline.engines.wrap.flowing import flowing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core_pipeline.calls.host import Step

_AHEAD = 8


class Reading:
    """The steps of one answer, as an async context; leaving it closes their stream, read to its end or not."""

    def __init__(self, steps: AsyncIterator[Step]) -> None:
        self._steps = steps
        self._found: asyncio.Queue[Step | Exception | None] = asyncio.Queue(_AHEAD)

    async def __aenter__(self) -> Self:
        """Begin to read."""
        self._task = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop reading."""
        self._task.cancel()
        await asyncio.wait({self._task})

    async def next(self) -> Step | None:
        """Return the next step, None after the last; raises what the stream raised, in its place."""
        found = await self._found.get()
        if isinstance(found, Exception):
            raise found
        return found

    async def _read(self) -> None:
        last: Exception | None = None
        try:
            async with flowing(self._steps) as steps:
                async for step in steps:
                    await self._found.put(step)
        except Exception as error:  # noqa: BLE001 - raised where the next step is asked for
            last = error
        await self._found.put(last)
