"""What a visitor did and nobody has taken yet: bounded, and never late."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from math import inf
from time import monotonic

from core_pipeline.contracts.legs import LegEvent, Sound

LATE_SECONDS = 1.0
MOST_EVENTS = 512


class Arrivals:
    """A queue for one taker; sound that waited for a second is dropped, and of too much, sound goes first."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._waiting: deque[tuple[float, LegEvent]] = deque()
        self._news = asyncio.Event()
        self._over = False

    def put(self, event: LegEvent, *, kept: bool = False) -> None:
        """Add what happened just now, `kept` however long it waits; nothing happens after `end`."""
        if self._over:
            return
        if len(self._waiting) >= MOST_EVENTS:
            self._drop_one()
        self._waiting.append((inf if kept else self._clock(), event))
        self._news.set()

    def end(self) -> None:
        """Nothing more will come; what waits may still be taken."""
        self._over = True
        self._news.set()

    async def take(self) -> LegEvent | None:
        """Wait for the next event; None after the last."""
        while True:
            while self._waiting:
                at, event = self._waiting.popleft()
                if not (isinstance(event, Sound) and self._clock() - at > LATE_SECONDS):
                    return event
            if self._over:
                return None
            self._news.clear()
            await self._news.wait()

    def _drop_one(self) -> None:
        oldest = next((number for number, (_, event) in enumerate(self._waiting) if isinstance(event, Sound)), 0)
        del self._waiting[oldest]
