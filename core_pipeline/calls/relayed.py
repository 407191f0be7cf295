"""What a piece of work tells while it goes on, as a stream; the work does not wait for whoever reads it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

Part = TypeVar("Part")


async def relayed(work: Callable[[Callable[[Part], None]], Coroutine[Any, Any, None]]) -> AsyncIterator[Part]:
    """Stream what `work` tells by the function that it is given, then raise what it raised.

    Closing the stream cancels the work and returns once it has let go.
    """
    told: asyncio.Queue[Part | None] = asyncio.Queue()
    task = asyncio.create_task(work(told.put_nowait))
    task.add_done_callback(lambda _: told.put_nowait(None))
    try:
        while (part := await told.get()) is not None:
            yield part
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
