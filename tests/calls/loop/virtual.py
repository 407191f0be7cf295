"""A clock that runs as fast as there is nothing to do: an event loop whose waiting takes no time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


class _Selector(selectors.DefaultSelector):
    """Skips waiting, unless a thread is at work: then time stands still until it is done."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.threads = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if self.threads or timeout is None:
            return super().select(None if timeout is None else 0.01)
        self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop with a clock of its own, which starts at 1000 s."""

    def __init__(self) -> None:
        self.selector = _Selector()
        self.selector.now = 1000.0
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.now

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]  # the stub's variadic types say no more
        future = super().run_in_executor(executor, func, *args)
        self.selector.threads += 1
        future.add_done_callback(self._thread_done)
        return future

    def _thread_done(self, _: Future[Any] | asyncio.Future[Any]) -> None:
        self.selector.threads -= 1


def run(doing: Coroutine[Any, Any, Result]) -> Result:
    """Run this in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(doing)
