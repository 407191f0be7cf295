"""One heavy engine under one configuration: its process while there is one, who waits for it, what it took so far."""

from __future__ import annotations

import asyncio
import hashlib
import json
import statistics
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from core_pipeline.contracts.specs import EngineSpec
from core_pipeline.engines.residency.memory import resident
from core_pipeline.engines.residency.waiting import Queue
from core_pipeline.engines.worker.line import Line
from core_pipeline.engines.worker.process import WorkerProcess, plain
from errors import NeedsOwner, Retryable, SawtakError

_FIRST_REST, _LONGEST_REST = 0.5, 60.0
_OWNER_REST = 10.0  # what only the owner can mend is not tried again for every customer
_REMEMBERED = 512
_LEARNING = 0.2


@dataclass(frozen=True)
class Figures:
    """How one engine stands: bytes, and seconds that callers waited for it (medians of the latest 512)."""

    engine: str
    state: str
    pid: int
    memory: int
    measured: int
    busy: int
    waiting: int
    loads: int
    unloads: int
    crashes: int
    load_seconds: float
    wait_p50: float
    wait_p95: float


@dataclass(eq=False)
class Stay:
    """One life of an engine's process; it holds its memory from the start of loading until the process is buried."""

    used: float
    process: WorkerProcess | None = None
    http: httpx.AsyncClient | None = None
    line: Line | None = None
    timer: asyncio.TimerHandle | None = None
    busy: int = 0
    ending: bool = False

    @property
    def ready(self) -> bool:
        """Whether it takes work."""
        return self.line is not None and not self.ending

    @property
    def state(self) -> str:
        """A word for it."""
        return "ending" if self.ending else "ready" if self.line else "loading"


@dataclass
class Tally:
    """What happened so far."""

    loads: int = 0
    unloads: int = 0
    crashes: int = 0
    load_seconds: float = 0.0
    seconds: float = 1.0
    waits: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def wait(self, share: float) -> float:
        """The wait in seconds that this share of the callers did not exceed."""
        if len(self.waits) < 2:
            return max(self.waits, default=0.0)
        return statistics.quantiles(self.waits, n=100, method="inclusive")[round(share * 100) - 1]

    def worked(self, seconds: float) -> None:
        """Learn how long a use takes."""
        self.seconds += _LEARNING * (seconds - self.seconds)


class Resident:
    """An engine that is there or not."""

    def __init__(self, spec: EngineSpec[Any], config: Any, places: int) -> None:
        self.spec, self.config = spec, config
        self.memory = spec.memory(config)
        self.queue = Queue(places)
        self.stay: Stay | None = None
        self.tally = Tally()
        self._failures = 0
        self._rests_until = 0.0
        self._error: SawtakError | None = None

    @property
    def name(self) -> str:
        """Its kind and name."""
        return f"{self.spec.kind}/{self.spec.name}"

    @property
    def order(self) -> Mapping[str, Any]:
        """Its configuration, secrets opened."""
        return plain(self.config)

    @property
    def wait(self) -> float:
        """How many seconds the next caller would wait, by how long uses took of late."""
        return self.tally.seconds * len(self.queue) / self.spec.at_once

    def lend(self) -> None:
        """Give free places to who is next."""
        stay = self.stay
        while stay and stay.ready and stay.line and stay.busy < self.spec.at_once and len(self.queue):
            waiter = self.queue.next(time.monotonic())
            if not waiter.place.done():
                stay.busy += 1
                waiter.place.set_result((stay, stay.line))

    def refuse_while_resting(self) -> None:
        """Raise the error that it failed with, while it is too early to try again."""
        left = self._rests_until - time.monotonic()
        if left > 0 and self._error:
            raise _again(self._error, left)

    def failed(self, error: SawtakError) -> None:
        """Rest after a failure, the longer the more there were in a row; who waits gets the error."""
        self._failures += 1
        rest = min(_LONGEST_REST, _FIRST_REST * 2 ** (self._failures - 1))
        if isinstance(error, NeedsOwner):
            rest = _OWNER_REST
        self._error, self._rests_until = error, time.monotonic() + rest
        for waiter in self.queue.empty():
            if not waiter.place.done():
                waiter.place.set_exception(_again(error, rest))

    def did_well(self) -> None:
        """Forget earlier failures."""
        self._failures = 0

    def full(self) -> Retryable:
        """The error for who finds no place in the queue, with the wait to expect."""
        after = self.wait
        return Retryable("engine-full", f"{self.name}: {len(self.queue)} wait already", after=max(0.1, after))

    def figures(self) -> Figures:
        """How it stands."""
        stay, tally = self.stay, self.tally
        pid = stay.process.pid if stay and stay.process else 0
        return Figures(
            engine=self.name,
            state=stay.state if stay else "absent",
            pid=pid,
            memory=self.memory,
            measured=resident(pid) if pid else 0,
            busy=stay.busy if stay else 0,
            waiting=len(self.queue),
            loads=tally.loads,
            unloads=tally.unloads,
            crashes=tally.crashes,
            load_seconds=tally.load_seconds,
            wait_p50=tally.wait(0.5),
            wait_p95=tally.wait(0.95),
        )


def key_of(spec: EngineSpec[Any], config: Any) -> tuple[str, str, str]:
    """What tells one engine under one configuration from any other."""
    told = json.dumps(plain(config), sort_keys=True).encode()
    return spec.kind, spec.name, hashlib.sha256(told).hexdigest()


def _again(error: SawtakError, after: float) -> SawtakError:
    if isinstance(error, Retryable):
        return Retryable(error.code, error.detail, after=after)
    return type(error)(error.code, error.detail)
