"""What a caller did and nobody has taken yet: late sound is thrown away, keys and marks are not."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from core_pipeline.contracts.legs import LegEvent, Sound

STALE_SECONDS = 1.0
MOST = 2000


class Backlog:
    """A line of events between one who puts and one who takes; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: deque[tuple[float, LegEvent]] = deque()
        self._moved = asyncio.Event()
        self._closed = False

    def put(self, event: LegEvent) -> bool:
        """Append; False when so much waits that nobody can be listening."""
        now = self._clock()
        if self._waiting and now - self._waiting[0][0] > STALE_SECONDS:
            self._drop(now - STALE_SECONDS)
        if len(self._waiting) >= MOST:
            return False
        self._waiting.append((now, event))
        self._moved.set()
        return True

    def close(self) -> None:
        """Nothing more will come; what waits can still be taken."""
        self._closed = True
        self._moved.set()

    async def take(self) -> LegEvent | None:
        """The oldest event; None once closed and empty."""
        while not self._waiting:
            if self._closed:
                return None
            self._moved.clear()
            await self._moved.wait()
        arrived, event = self._waiting.popleft()
        if self._clock() - arrived > STALE_SECONDS and isinstance(event, Sound):
            return await self.take()
        return event

    def _drop(self, before: float) -> None:
        kept = (one for one in self._waiting if one[0] >= before or not isinstance(one[1], Sound))
        self._waiting = deque(kept)
