"""Keeping to the network's pace: per chat, per group and per bot."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

from errors import Retryable

_REMEMBERED = 10_000
_PATIENCE = 30.0


class Pace:
    """Room for `burst` calls at once and `per_second` in the long run, for each key (GCRA)."""

    def __init__(self, per_second: float, burst: int) -> None:
        self._gap = 1 / per_second
        self._slack = self._gap * (burst - 1)
        self._due: OrderedDict[int, float] = OrderedDict()

    def delay(self, key: int, now: float) -> float:
        """Return how many seconds from `now` the next call may go."""
        return max(0.0, self._due.get(key, now) - now - self._slack)

    def take(self, key: int, now: float) -> None:
        """Count one call."""
        self._due[key] = max(self._due.pop(key, now), now) + self._gap
        if len(self._due) > _REMEMBERED:
            self._due.popitem(last=False)


class Limiter:
    """One bot's pace: 30 calls a second, per chat 1 a second, per group 20 a minute, silence when it is asked for."""

    def __init__(self) -> None:
        self._bot = Pace(30, burst=30)
        self._private = Pace(1, burst=3)
        self._group = Pace(20 / 60, burst=5)
        self._silent_until = 0.0

    async def turn(self, chat: int) -> None:
        """Wait until a message may go to `chat`; raise `Retryable` where that is further away than 30 s."""
        now = time.monotonic()
        self.check(now)
        pace = self._private if chat > 0 else self._group
        delay = max(self._bot.delay(0, now), pace.delay(chat, now))
        if delay > _PATIENCE:
            raise Retryable("telegram-pace", after=delay)
        self._bot.take(0, now)
        pace.take(chat, now)
        if delay:
            await asyncio.sleep(delay)

    def check(self, now: float | None = None) -> None:
        """Raise `Retryable` while the network wants silence from this bot."""
        left = self._silent_until - (time.monotonic() if now is None else now)
        if left > 0:
            raise Retryable("telegram-429", after=left)

    def silence(self, seconds: float) -> None:
        """Hold this bot's calls for `seconds`."""
        self._silent_until = max(self._silent_until, time.monotonic() + seconds)
