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
            self._drop()
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
        while self._waiting or not self._closed:
            if self._waiting and self._clock() - self._waiting[0][0] > STALE_SECONDS:
                self._drop()
            if self._waiting:
                return self._waiting.popleft()[1]
            self._moved.clear()
            if not self._closed:
                await self._moved.wait()
        return None

    def _drop(self) -> None:
        since = self._clock() - STALE_SECONDS
        self._waiting = deque(one for one in self._waiting if one[0] >= since or not isinstance(one[1], Sound))
