"""How much a page may send, so that one visitor's flood is nobody else's trouble."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic


class Pace:
    """Allows `rate` units a second, and `burst` at once."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left, self._at = burst, clock()

    def allows(self, units: float) -> bool:
        """Whether so much more is within the pace; it is counted only if it is."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if units > self._left:
            return False
        self._left -= units
        return True
