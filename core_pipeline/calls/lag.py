"""How late the event loop is: what is late here is heard as a gap."""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_left

log = logging.getLogger(__name__)

EVERY = 0.1
LATE = 0.05
WARN_EVERY = 30.0
_STEPS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 50, 75, 100, 150, 200, 300, 500, 1000, 2000, 5000)


class Lag:
    """Counts how many milliseconds late the loop was, ten times a second, while `run` runs."""

    def __init__(self) -> None:
        self._counts = [0] * (len(_STEPS) + 1)
        self._warned = -WARN_EVERY

    def counts(self) -> list[int]:
        """What was counted so far; give it to `p95` to count from here on."""
        return list(self._counts)

    def p95(self, since: list[int]) -> float:
        """Return the milliseconds under which 19 of 20 delays since then stayed; 0.0 for no delays."""
        seen = [now - then for now, then in zip(self._counts, since, strict=True)]
        wanted, total = 0.95 * sum(seen), 0
        for step, count in zip((*_STEPS, _STEPS[-1]), seen, strict=True):
            total += count
            if total and total >= wanted:
                return float(step)
        return 0.0

    def note(self, late: float) -> None:
        """Count that the loop was so many seconds late."""
        self._counts[bisect_left(_STEPS, late * 1000)] += 1

    async def run(self) -> None:
        """Watch until cancelled; a warning is logged for more than 50 ms, at most every half minute."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + EVERY
            await asyncio.sleep(EVERY)
            late = loop.time() - due
            self.note(late)
            if late > LATE and due - self._warned > WARN_EVERY:
                self._warned = due
                log.warning("the event loop was %.0f ms late: callers hear gaps; take fewer calls here", late * 1000)
