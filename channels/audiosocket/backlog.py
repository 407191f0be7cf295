"""What the caller did and nobody took yet: a second of sound at most, for late sound is worse than none."""

from __future__ import annotations

import asyncio
from collections import deque

from core_pipeline.contracts.legs import Key, LegEvent, Sound

MOST_SECONDS = 1.0
MOST_KEYS = 200


class Backlog:
    """Events between the one who puts and the one who takes; keys are kept when sound has to go."""

    def __init__(self, sample_rate: int) -> None:
        self._most = int(MOST_SECONDS * sample_rate) * 2
        self._waiting: deque[LegEvent] = deque()
        self._sound = self._keys = 0
        self._over = False
        self._changed = asyncio.Event()

    def put(self, event: LegEvent) -> None:
        """Append, dropping the oldest sound where there is too much; keys beyond any use are not taken."""
        if isinstance(event, Key) and self._keys >= MOST_KEYS:
            return
        self._waiting.append(event)
        self._count(event, 1)
        while self._sound > self._most:
            oldest = next(event for event in self._waiting if isinstance(event, Sound))
            self._waiting.remove(oldest)
            self._count(oldest, -1)
        self._changed.set()

    def close(self) -> None:
        """Nothing more will come; what waits can still be taken."""
        self._over = True
        self._changed.set()

    async def take(self) -> LegEvent | None:
        """The oldest event; None once it is closed and empty."""
        while not self._waiting:
            if self._over:
                return None
            self._changed.clear()
            await self._changed.wait()
        event = self._waiting.popleft()
        self._count(event, -1)
        return event

    def _count(self, event: LegEvent, sign: int) -> None:
        if isinstance(event, Sound):
            self._sound += sign * len(event.pcm)
        elif isinstance(event, Key):
            self._keys += sign
