"""Leaves an engine alone that keeps failing, so that its fallback is asked at once."""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Literal, TypeVar

from core_pipeline.engines.wrap.flowing import flowing
from errors import Impossible, Retryable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

log = logging.getLogger(__name__)

Part = TypeVar("Part")
Condition = Literal["closed", "open", "probing"]
LONGEST_REST = 300.0
_ENOUGH = 10
_MOST_KEPT = 512


@dataclass(frozen=True)
class State:
    """How an engine fares: `failures` of the last `uses`, and for how many more seconds it is left alone."""

    name: str
    condition: Condition
    uses: int
    failures: int
    rests: float


class Breaker:
    """One engine's record, shared by all its uses in this process.

    It opens after `in_a_row` failures, or when `share` of the last `window` uses failed (ten at least); then every use
    raises `Retryable("engine-resting")` for `rest` seconds. After that one use is let through: if it works the engine
    is used again, else it rests twice as long. `Impossible` tells nothing about the engine and does not count.
    """

    def __init__(
        self,
        name: str,
        *,
        in_a_row: int = 5,
        share: float = 0.5,
        window: int = 20,
        rest: float = 30.0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.name = name
        self._in_a_row, self._share, self._rest, self._clock = in_a_row, share, rest, clock
        self._worked: deque[bool] = deque(maxlen=window)
        self._pause = rest
        self._until: float | None = None
        self._probe: object | None = None

    def state(self) -> State:
        """How the engine fares now."""
        rests = max(0.0, self._until - self._clock()) if self._until is not None else 0.0
        condition: Condition = "closed" if self._until is None else "open" if rests else "probing"
        return State(self.name, condition, len(self._worked), self._worked.count(False), round(rests, 1))

    async def stream(self, begin: Callable[[], AsyncIterator[Part]]) -> AsyncIterator[Part]:
        """Stream what the engine does, and take note; raise at once while it rests."""
        use = self._admitted()
        worked: bool | None = None
        after = 0.0
        try:
            async with flowing(begin()) as pieces:
                async for piece in pieces:
                    worked = True
                    yield piece
            worked = True
        except Impossible:
            worked = True if use is self._probe else None
            raise
        except Exception as error:
            worked, after = False, getattr(error, "after", 0.0)
            raise
        finally:
            self._note(use, worked, after)

    def _admitted(self) -> object:
        use = object()
        if self._until is None:
            return use
        left = self._until - self._clock()
        if left > 0 or self._probe is not None:
            raise Retryable(
                "engine-resting", f"{self.name} failed too often and is left alone", after=max(left, self._rest / 10)
            )
        self._probe = use
        return use

    def _note(self, use: object, worked: bool | None, after: float) -> None:
        """Count a use; one that was broken off before it gave anything (None) tells nothing."""
        if use is self._probe:
            self._probe = None
            if worked is not None:
                self._judge_probe(worked=worked, after=after)
        elif self._until is None and worked is not None:
            self._worked.append(worked)
            if not worked and self._too_many():
                self._open(after)

    def _judge_probe(self, *, worked: bool, after: float) -> None:
        if worked:
            log.warning("engine %s works again", self.name)
            self._until, self._pause = None, self._rest
            self._worked.clear()
        else:
            self._pause = min(2 * self._pause, LONGEST_REST)
            self._open(after)

    def _too_many(self) -> bool:
        last = list(self._worked)[-self._in_a_row :]
        in_a_row = len(last) == self._in_a_row and not any(last)
        seen = len(self._worked)
        return in_a_row or (seen >= _ENOUGH and self._worked.count(False) / seen >= self._share)

    def _open(self, after: float) -> None:
        rest = max(self._pause, min(after, LONGEST_REST))
        log.warning("engine %s is left alone for %g s", self.name, rest)
        self._until = self._clock() + rest


class Breakers:
    """The breakers of one process, one for each engine under each configuration."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Breaker] = OrderedDict()

    def of(self, key: str, name: str) -> Breaker:
        """The breaker of the engine with this key; `name` is what people call it."""
        if key not in self._known:
            self._known[key] = Breaker(name)
        self._known.move_to_end(key)
        while len(self._known) > _MOST_KEPT:
            self._known.popitem(last=False)
        return self._known[key]

    def states(self) -> list[State]:
        """How every engine fares that was used lately, by name."""
        return sorted((breaker.state() for breaker in self._known.values()), key=lambda state: state.name)
