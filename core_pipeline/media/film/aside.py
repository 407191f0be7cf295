"""Long work in a thread that ends soon after nobody waits for it any more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias, TypeVar

T = TypeVar("T")
GoOn: TypeAlias = Callable[[], None]


class Dropped(Exception):
    """Nobody waits for this work any more."""


async def aside(work: Callable[[GoOn], T]) -> T:
    """Return what `work` returns, done in a thread; it calls what it is given between any two pictures.

    When the caller is cancelled, that call raises `Dropped`, and the thread has ended before the cancellation goes on.
    """
    dropped = threading.Event()

    def go_on() -> None:
        if dropped.is_set():
            raise Dropped

    job = asyncio.ensure_future(asyncio.to_thread(work, go_on))
    try:
        return await asyncio.shield(job)
    except asyncio.CancelledError:
        dropped.set()
        with suppress(Exception):
            await asyncio.shield(job)
        raise
