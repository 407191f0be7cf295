"""Waiting times for one customer after the network's limit per pair of number and customer."""

from __future__ import annotations

from collections import OrderedDict

_REMEMBERED = 10_000
_MOST = 5


class PairBackoff:
    """Counts refusals in a row per customer and gives 4^n seconds for the n-th; remembers the last customers only."""

    def __init__(self) -> None:
        self._refused: OrderedDict[str, int] = OrderedDict()

    def next(self, customer: str) -> float:
        """Return how many seconds to leave this customer alone after one more refusal."""
        count = min(self._refused.pop(customer, 0) + 1, _MOST)
        self._refused[customer] = count
        if len(self._refused) > _REMEMBERED:
            self._refused.popitem(last=False)
        return 4.0**count

    def clear(self, customer: str) -> None:
        """Forget the refusals: a message got through."""
        self._refused.pop(customer, None)
