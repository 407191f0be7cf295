"""The emulated server's queue of updates for one bot: polled with offsets, or handed to a webhook."""

from __future__ import annotations

import asyncio
import time
from typing import Any

_FIRST = 900_000_001
_A_SECOND = 10  # more updates than a customer of an emulator sends


class UpdateQueue:
    """Numbers updates and keeps each until an offset beyond it is asked for, or `drop` takes it out."""

    def __init__(self) -> None:
        self.waiting: list[dict[str, Any]] = []
        # Later than any earlier emulator's: a platform that has seen an update does not answer it again.
        self._next = _FIRST + int(time.time() * _A_SECOND)
        self._poll = 0
        self._stirred = asyncio.Event()

    def add(self, content: dict[str, Any]) -> dict[str, Any]:
        """Queue an update and wake whoever polls."""
        update = {"update_id": self._next, **content}
        self._next += 1
        self.waiting.append(update)
        self._stirred.set()
        return update

    def drop(self, update: dict[str, Any]) -> None:
        """Take out an update that the webhook accepted."""
        self.waiting = [each for each in self.waiting if each is not update]

    def interrupt(self) -> None:
        """Let whoever polls find out that its turn is over."""
        self._poll += 1
        self._stirred.set()

    async def poll(self, offset: int, timeout: float, limit: int) -> list[dict[str, Any]] | None:
        """Confirm everything below `offset` and return the rest, waiting up to `timeout` seconds; None if ousted."""
        self.waiting = [update for update in self.waiting if update["update_id"] >= offset]
        self.interrupt()
        mine = self._poll
        try:
            async with asyncio.timeout(timeout):
                while not self.waiting and mine == self._poll:
                    self._stirred.clear()
                    await self._stirred.wait()
        except TimeoutError:
            return []
        return self.waiting[:limit] if mine == self._poll else None
