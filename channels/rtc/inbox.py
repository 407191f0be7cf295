"""What the caller did and nobody has taken yet: late sound is worse than none."""

from __future__ import annotations

import asyncio
from collections import deque

from core_pipeline.contracts.legs import LegEvent, Sound

_MOST = 200


class Inbox:
    """Events in order; of sound only the last second waits, `a_second` bytes of it."""

    def __init__(self, a_second: int) -> None:
        self._waiting: deque[LegEvent] = deque()
        self._a_second, self._bytes = a_second, 0
        self._news = asyncio.Event()
        self._over = asyncio.Event()

    @property
    def ended(self) -> bool:
        """Whether nothing more can come."""
        return self._over.is_set()

    async def wait_end(self) -> None:
        """Return once nothing more can come."""
        await self._over.wait()

    def put(self, event: LegEvent) -> None:
        """Add an event; drops the oldest sound, or of too many others the oldest; nothing happens after the end."""
        if self.ended:
            return
        self._waiting.append(event)
        self._bytes += _size(event)
        if self._bytes > self._a_second:
            self._drop(next(one for one in self._waiting if isinstance(one, Sound)))
        elif len(self._waiting) > _MOST:
            self._drop(self._waiting[0])
        self._news.set()

    def end(self) -> None:
        """Let `get` give None once everything was taken."""
        self._over.set()
        self._news.set()

    async def get(self) -> LegEvent | None:
        """The next event; None after the end."""
        while not self._waiting:
            if self.ended:
                return None
            self._news.clear()
            await self._news.wait()
        event = self._waiting.popleft()
        self._bytes -= _size(event)
        return event

    def _drop(self, event: LegEvent) -> None:
        self._waiting.remove(event)
        self._bytes -= _size(event)


def _size(event: LegEvent) -> int:
    return len(event.pcm) if isinstance(event, Sound) else 0
