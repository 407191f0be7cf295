"""Threads that draw pictures: lasting ones, because what draws keeps memory for each thread that it ever saw."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

_idle: list[ThreadPoolExecutor] = []


@contextmanager
def drawing_thread() -> Iterator[ThreadPoolExecutor]:
    """Give a thread of one's own, which serves somebody else afterwards."""
    thread = _idle.pop() if _idle else ThreadPoolExecutor(1, "rtc-pictures")
    try:
        yield thread
    finally:
        _idle.append(thread)
