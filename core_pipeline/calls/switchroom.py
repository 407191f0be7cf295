"""What the switchboards of one process share: who leads calls, what goes on beside them, and who is gone."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from core_pipeline.calls import register
from core_pipeline.calls.sweeping import goes_on, told_to_go

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from core_pipeline.calls.going_on import GoingOn
    from core_pipeline.contracts.calls import Ticket
    from core_pipeline.contracts.legs import Leg
    from tenants.db import Database

log = logging.getLogger(__name__)

# A vendor tells that a call ended before it tells of the message that was left in it.
MESSAGE_SECONDS = 30.0


class Leader(Protocol):
    """Leads talks in this process."""

    @property
    def taken(self) -> int:
        """How many talks run."""

    @property
    def closing(self) -> bool:
        """Whether no more may begin."""

    async def lead(self, ticket: Ticket, leg: Leg) -> str:
        """Talk until the call ends; gives the reason of its end, see `Outcome`."""


class OpenLines(Protocol):
    """Opens accounts' channels."""

    async def line(self, account_id: str) -> Any:
        """The opened account, with its `channel`."""


@dataclass(frozen=True)
class Switchroom:
    """What all switchboards of one process share; at most `at_once` calls run here, as `process`.

    `recite` speaks words of a tenant into a file that a vendor may fetch and gives its address.
    """

    db: Database
    lines: OpenLines
    leader: Leader
    going_on: GoingOn
    recite: Callable[[str, str, str], Awaitable[str]]
    address: str
    process: str
    at_once: int = 30
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    dialled: dict[str, Ticket] = field(default_factory=dict)
    dialling: set[str] = field(default_factory=set)
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    def background(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do this beside everything else; what breaks is logged."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("work about a call broke", exc_info=task.exception())

    async def take_up(self, process: str = "") -> None:
        """Have the calls of a process that is gone go on by message; of this one, those it had yet to write of, too."""
        async with self.db.platform() as session:
            broken = await register.broken_off(session, process or self.process)
            missed = [] if process else await register.lately_missed(session)
        for call in broken:
            self.background(goes_on(self, "call.ended", *call))
        for call in missed:
            self.background(self.missed(*call))

    async def missed(self, tenant_id: str, call_id: str, wait: float | None = None) -> None:
        """Write to a caller who was not taken, unless they leave a message; if we must go, whoever starts next does."""
        if not await told_to_go(self.closing, MESSAGE_SECONDS if wait is None else wait):
            await self.going_on.unless_left(tenant_id, call_id)

    async def close(self) -> None:
        """Let what is being done end, for a moment; calls themselves were drained before."""
        self.closing.set()
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=5.0)
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
