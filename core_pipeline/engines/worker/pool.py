"""Several workers for one kind of work: in turns, around those that are down, the next one before anything was said."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

import httpx
from pydantic import SecretStr

from core_pipeline.engines.worker.line import Health, Line, Patience
from core_pipeline.engines.worker.verbs import flowing
from errors import NeedsOwner, Retryable, SawtakError

T = TypeVar("T")
_SHORTEST_REST, _LONGEST_REST = 1.0, 60.0
_HEALTH_KEPT = 10.0
# What is wrong with the worker, not with what it was asked.
_ITS_OWN_FAULT = frozenset(
    {"engine-broken", "half-sent", "no-worker", "worker-down", "worker-full", "worker-garbled", "worker-slow"}
    | {"worker-token", "worker-version"}
)


@dataclass
class _Place:
    line: Line
    rests_until: float = 0.0
    failures: int = 0
    health: tuple[float, Health] | None = None


class Pool:
    """The lines to workers that do the same; one that fails rests a while, the longer the more often it has failed."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._places = [_Place(line) for line in lines]
        self._next = 0

    @classmethod
    def of(cls, http: httpx.AsyncClient, urls: Sequence[str], token: SecretStr, patience: Patience) -> Self:
        """The workers at these addresses; `NeedsOwner` when there is none."""
        if not urls:
            raise _nobody()
        shown = token if token.get_secret_value() else None
        return cls([Line(http, url.rstrip("/"), shown, patience) for url in urls])

    async def call(self, ask: Callable[[Line], Awaitable[T]]) -> T:
        """Return the answer of the first worker that gives one; the last worker's error when none does."""
        last: SawtakError = _nobody()
        for place in self._in_turn():
            try:
                answer = await ask(place.line)
            except (Retryable, NeedsOwner) as error:
                last = _rested(place, error)
            else:
                place.failures = 0
                return answer
        raise last

    async def stream(self, ask: Callable[[Line], AsyncIterator[T]]) -> AsyncGenerator[T, None]:
        """Stream from the first worker that begins to; after its first part there is no way back."""
        last: SawtakError = _nobody()
        for place in self._in_turn():
            begun = False
            try:
                async with flowing(ask(place.line)) as parts:
                    async for part in parts:
                        begun = True
                        yield part
            except (Retryable, NeedsOwner) as error:
                last = _rested(place, error)
                if begun:
                    raise
            else:
                place.failures = 0
                return
        raise last

    async def each(self, ask: Callable[[Line], Awaitable[None]]) -> None:
        """Ask every worker, those that are down too; raises the last error after all were asked."""
        last = None
        for place in self._places:
            try:
                await ask(place.line)
            except SawtakError as error:
                last = error
        if last:
            raise last

    async def check(self, kind: str, languages: frozenset[str]) -> None:
        """Raise what is wrong when no worker is well, or the one that is lacks the kind of work or a language."""
        health = await self.health()
        if kind not in health.kinds:
            raise NeedsOwner("no-worker", f"the worker does {', '.join(sorted(health.kinds))}, not {kind}")
        if missing := sorted(languages - health.languages) if health.languages else []:
            raise NeedsOwner("worker-language", f"the worker ({health.engine}) lacks: {', '.join(missing)}")

    async def health(self) -> Health:
        """How the first worker is that is well, at most ten seconds ago; the last worker's error when none is."""
        last: SawtakError = _nobody()
        for place in self._places:
            try:
                return await _health_of(place)
            except SawtakError as error:
                last = error
        raise last

    def _in_turn(self) -> list[_Place]:
        """The rested workers from the next one on; when all rest, the one whose rest ends first is tried at once."""
        start, self._next = self._next, self._next + 1
        count = len(self._places)
        turn = [self._places[(start + step) % count] for step in range(count)]
        now = time.monotonic()
        fit = [place for place in turn if place.rests_until <= now]
        return fit or sorted(turn, key=lambda place: place.rests_until)[:1]


async def _health_of(place: _Place) -> Health:
    now = time.monotonic()
    if place.health is None or now - place.health[0] > _HEALTH_KEPT:
        place.health = (now, await place.line.health())
    return place.health[1]


def _rested(place: _Place, error: SawtakError) -> SawtakError:
    if error.code not in _ITS_OWN_FAULT:
        return error
    place.failures += 1
    place.health = None
    rest = min(_LONGEST_REST, _SHORTEST_REST * 2 ** (place.failures - 1))
    if isinstance(error, Retryable):
        rest = min(_LONGEST_REST, max(rest, error.after))
    place.rests_until = time.monotonic() + rest
    return error


def _nobody() -> SawtakError:
    return NeedsOwner("no-worker", "set the address of a worker")
