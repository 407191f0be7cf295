"""One more try where it costs the customer next to nothing."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from core_pipeline.engines.wrap.flowing import flowing
from errors import Retryable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

Part = TypeVar("Part")


class Retry:
    """Tries once more what failed with `Retryable` before it gave anything, if it failed within `quick` seconds.

    It waits as long as the error asks, at least `pause` seconds; an error that asks for more than `longest` is left to
    the caller, who may have another engine.
    """

    def __init__(self, *, pause: float = 0.1, longest: float = 1.0, quick: float = 3.0) -> None:
        self._pause, self._longest, self._quick = pause, longest, quick

    async def stream(self, begin: Callable[[], AsyncIterator[Part]]) -> AsyncIterator[Part]:
        """Stream the first try, or the second."""
        begun, since = False, monotonic()
        try:
            async with flowing(begin()) as pieces:
                async for piece in pieces:
                    begun = True
                    yield piece
        except Retryable as error:
            if begun or error.after > self._longest or monotonic() - since > self._quick:
                raise
            pause = max(error.after, self._pause)
        else:
            return
        await asyncio.sleep(pause)
        async with flowing(begin()) as pieces:
            async for piece in pieces:
                yield piece
