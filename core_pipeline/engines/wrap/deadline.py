"""A bound on how long an engine may keep us waiting."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from core_pipeline.engines.wrap.flowing import flowing
from errors import Retryable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

Part = TypeVar("Part")


class Deadline:
    """The first piece within `first` seconds, all within `whole`; what the reader takes for itself is not counted.

    Raises `Retryable("engine-slow")` and breaks the engine off.
    """

    def __init__(self, *, whole: float, first: float | None = None) -> None:
        self._whole = whole
        self._first = whole if first is None else min(first, whole)

    async def stream(self, begin: Callable[[], AsyncIterator[Part]]) -> AsyncIterator[Part]:
        """Stream in time."""
        waited, bound = 0.0, self._first
        async with flowing(begin()) as pieces:
            while True:
                since = monotonic()
                try:
                    async with asyncio.timeout(bound - waited):
                        piece = await anext(pieces)
                except StopAsyncIteration:
                    return
                except TimeoutError as error:
                    raise Retryable("engine-slow", f"nothing more came within {bound:g} s") from error
                waited, bound = waited + monotonic() - since, self._whole
                yield piece
