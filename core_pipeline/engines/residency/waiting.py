"""Who waits for one engine: calls before notes before videos, tenants in turns, nobody for ever."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from core_pipeline.contracts.specs import Priority

# How many seconds a waiting call may be ahead of the others: after so long without being served, the less urgent
# get one turn.
HEAD_START = {Priority.CALL: 0.0, Priority.NOTE: 10.0, Priority.VIDEO: 60.0}


@dataclass(eq=False)
class Waiter:
    """Somebody who waits since `since` (seconds of the monotonic clock) for `place`."""

    tenant_id: str
    priority: Priority
    since: float
    place: asyncio.Future[Any]


class Queue:
    """At most `places` waiters; who is next follows from priority, age and the round of the tenants."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._rounds: dict[Priority, OrderedDict[str, deque[Waiter]]] = {p: OrderedDict() for p in Priority}
        self._served: dict[Priority, float] = {}

    def __len__(self) -> int:
        return sum(1 for _ in self._all())

    def put(self, waiter: Waiter) -> Waiter | None:
        """Take the waiter in; when all places are taken, return who has to go: the waiter himself, or a worse one.

        Worse is who is less urgent, and among equals the last one of the tenant who waits most.
        """
        self._rounds[waiter.priority].setdefault(waiter.tenant_id, deque()).append(waiter)
        if len(self) <= self._places:
            return None
        last = self._worst()
        self.drop(last)
        return last

    def drop(self, waiter: Waiter) -> None:
        """Let the waiter leave; nothing happens when he is not there."""
        line = self._rounds[waiter.priority].get(waiter.tenant_id, deque())
        if waiter in line:
            line.remove(waiter)
            if not line:
                del self._rounds[waiter.priority][waiter.tenant_id]

    def urgency(self) -> float:
        """The moment from which on nobody who comes later goes first; infinite when nobody waits."""
        return min((self._due(priority) for priority in Priority), default=float("inf"))

    def next(self, now: float) -> Waiter:
        """Take out who is next; raises IndexError when nobody waits."""
        priority = min(Priority, key=self._due)
        round_ = self._rounds[priority]
        if not round_:
            raise IndexError("nobody waits")
        tenant_id, line = round_.popitem(last=False)
        waiter = line.popleft()
        if line:
            round_[tenant_id] = line  # back of the round
        self._served[priority] = now
        return waiter

    def empty(self) -> list[Waiter]:
        """Take everybody out."""
        everybody = list(self._all())
        for round_ in self._rounds.values():
            round_.clear()
        return everybody

    def _due(self, priority: Priority) -> float:
        round_ = self._rounds[priority]
        if not round_:
            return float("inf")
        oldest = min(line[0].since for line in round_.values())
        return max(oldest, self._served.get(priority, 0.0)) + HEAD_START[priority]

    def _worst(self) -> Waiter:
        priority = max(priority for priority in Priority if self._rounds[priority])
        return max(self._rounds[priority].values(), key=len)[-1]

    def _all(self) -> Iterator[Waiter]:
        return (waiter for round_ in self._rounds.values() for line in round_.values() for waiter in line)
