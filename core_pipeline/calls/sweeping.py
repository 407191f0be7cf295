"""Calls that nobody looks after any more: they are written down as over, and go on by message."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, Self

from core_pipeline.calls import register
from core_pipeline.notices import happenings

if TYPE_CHECKING:
    from collections.abc import Callable

    from core_pipeline.calls.switchroom import Switchroom

log = logging.getLogger(__name__)

LOOK_SECONDS = 10.0
# A process whose lock is free at so many looks in a row is gone; it may lose it for a moment with its connection.
LOOKS = 3


class Lock(Protocol):
    """Something that one process at a time holds, and that is free when this process is gone."""

    async def take(self) -> bool:
        """Try to take it, or see whether we still hold it."""

    async def free(self) -> None:
        """Let go."""


class Sweeping:
    """Looks after forgotten calls while the block runs; `lock_of` gives a process's lock by its name."""

    def __init__(self, room: Switchroom, lock_of: Callable[[str], Lock]) -> None:
        self._room, self._lock_of = room, lock_of
        self._own = lock_of(room.process)
        self._gone: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._own.free()

    async def look(self) -> None:
        """Look once: at calls that ring for ever, and at those of processes that are gone."""
        await self._own.take()
        async with self._room.db.platform() as session:
            unbrought = await register.unbrought(session)
            others = await register.leading(session) - {self._room.process}
        for tenant_id, call_id in unbrought:
            self._room.background(goes_on(self._room, "call.missed", tenant_id, call_id))
        self._gone = Counter({name: self._gone[name] + 1 for name in others if await self._is_gone(name)})
        for name in [name for name, looks in self._gone.items() if looks >= LOOKS]:
            log.warning("process %s is gone; its calls go on by message", name)
            await self._room.take_up(name)

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("looking after forgotten calls failed")
            await asyncio.sleep(LOOK_SECONDS)

    async def _is_gone(self, process: str) -> bool:
        lock = self._lock_of(process)
        try:
            return await lock.take()
        finally:
            await lock.free()


async def goes_on(room: Switchroom, event: str, tenant_id: str, call_id: str) -> None:
    """Tell the tenant's systems that a call is over which nobody led to its end, and have it go on by message."""
    async with room.db.tenant(tenant_id) as session:
        await happenings.call(session, event, call_id)
    await room.going_on.by_message(tenant_id, call_id)


async def told_to_go(closing: asyncio.Event, seconds: float) -> bool:
    """Wait for so long, or until the process must go; whether it must."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await closing.wait()
    return closing.is_set()
