"""A beat by an absolute clock: it never drifts, and after a stall it goes on instead of catching up."""

from __future__ import annotations

import asyncio
import time


class Pace:
    """Beats every `step` seconds; of what is later than `late` the beats that were missed are left out.

    `number` is the last beat's, counted from 0 with those that were left out: it is always the time that has passed.
    """

    def __init__(self, step: float, late: float) -> None:
        self._step, self._late = step, late
        self._due: float | None = None
        self.number = -1

    async def beat(self) -> float:
        """Return at the next beat, with its time by the monotonic clock."""
        now = time.monotonic()
        self._due = now if self._due is None else self._due + self._step
        self.number += 1
        if now - self._due > self._late:
            missed = int((now - self._due) / self._step)
            self._due += missed * self._step
            self.number += missed
        if self._due > now:
            await asyncio.sleep(self._due - now)
        return time.monotonic()
