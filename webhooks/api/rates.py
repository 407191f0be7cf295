"""How fast somebody may ask: buckets that fill again, kept in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from webhooks.api.needs import Rate

MOST_BUCKETS = 50_000


@dataclass
class _Bucket:
    left: float
    at: float


class Buckets:
    """One bucket for each name; those that are full again are forgotten when there are too many."""

    def __init__(self, clock: Callable[[], float] = monotonic, most: int = MOST_BUCKETS) -> None:
        self._clock, self._most = clock, most
        self._kept: dict[str, tuple[Rate, _Bucket]] = {}

    def take(self, name: str, rate: Rate, cost: float = 1.0) -> float:
        """Take this much if it is there and return 0, else how many seconds to wait."""
        now = self._clock()
        if name not in self._kept and len(self._kept) >= self._most:
            self._clear(now)
        _, bucket = self._kept.setdefault(name, (rate, _Bucket(rate.burst, now)))
        bucket.left = min(rate.burst, bucket.left + (now - bucket.at) * rate.per_second)
        bucket.at = now
        if bucket.left < cost:
            return (cost - bucket.left) / rate.per_second
        bucket.left -= cost
        return 0.0

    def _clear(self, now: float) -> None:
        """Forget the full ones; if all are busy, everybody begins afresh rather than us growing."""
        busy = {
            name: (rate, one)
            for name, (rate, one) in self._kept.items()
            if one.left + (now - one.at) * rate.per_second < rate.burst
        }
        self._kept = busy if len(busy) < self._most else {}
