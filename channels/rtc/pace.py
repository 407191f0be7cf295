"""A beat by an absolute clock: it never drifts, and after a stall it goes on instead of catching up."""

from __future__ import annotations

import asyncio
import time


class Pace:
    """Beats every `step` seconds; what is later than `late` is not made up for."""

    def __init__(self, step: float, late: float) -> None:
        self._step, self._late = step, late
        self._due: float | None = None

    async def beat(self) -> float:
        """Return at the next beat, with its time by the monotonic clock."""
        now = time.monotonic()
        self._due = now if self._due is None else self._due + self._step
        if now - self._due > self._late:
            self._due = now
        if self._due > now:
            await asyncio.sleep(self._due - now)
        return time.monotonic()
