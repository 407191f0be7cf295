"""A running installation as whoever looks after it sees it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from core_pipeline.insight import standing
from core_pipeline.operating import checks, logbook
from tenants import processes
from tenants.models import now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from core_pipeline.connecting.accounts import Lines
    from core_pipeline.engines.router import Engines
    from core_pipeline.insight.standing import Standing, Trouble
    from core_pipeline.operating.checks import Finding
    from core_pipeline.operating.logbook import Line
    from core_pipeline.turns.desk import DeadLetter
    from tenants.audit import Actor
    from tenants.floor import Floor
    from tenants.inbox import Inbox
    from tenants.models import ServerProcess

MOST_WAITING = 1000
TROUBLES_SINCE = timedelta(days=7)


class Letters(Protocol):
    """Where turns lie that failed for good."""

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """Every dead turn of every tenant, newest first."""

    async def retry(self, actor: Actor, turn_id: str) -> None:
        """Queue a dead turn again, and note who did; `Impossible` for one that is not dead."""


@dataclass(frozen=True)
class State:
    """What runs and waits: `waiting` is counted up to `MOST_WAITING`, `engines` are figures of this process.

    Each process comes with whether it was heard of lately.
    """

    standing: Standing
    waiting: int
    processes: Sequence[tuple[ServerProcess, bool]]
    engines: Mapping[str, Any]


@dataclass(frozen=True)
class Machine:
    """The installation; `var` is the folder of its own files, `chains` are its engines by kind."""

    floor: Floor
    inbox: Inbox
    lines: Lines
    engines: Engines
    letters: Letters
    var: Path
    address: str
    chains: Mapping[str, str]

    async def state(self) -> State:
        """How everything stands now."""
        async with self.floor.db.platform(reads=True) as session:
            now_so = await standing.standing(session)
            everyone = await processes.everyone(session)
        waiting = len(await self.inbox.pending(MOST_WAITING))
        there = [(one, processes.there(one)) for one in everyone]
        return State(now_so, waiting, there, self.engines.figures())

    async def troubles(self) -> list[Trouble]:
        """What networks refused in the last seven days, the most frequent first."""
        async with self.floor.db.platform(reads=True) as session:
            return await standing.troubles(session, now() - TROUBLES_SINCE)

    async def findings(self) -> list[Finding]:
        """What is missing or wrong, and what to do about it; what is fine comes last."""
        found = checks.machine(self.var, self.address)
        found += checks.chains(self.chains)
        found += await checks.engines(self.engines, self.floor, self.chains)
        found.append(await checks.walls(self.floor.db))
        found += await checks.accounts(self.floor.book, self.lines)
        return sorted(found, key=lambda one: one.fine)

    async def logs(self, least: str = "INFO", words: str = "") -> list[Line]:
        """The newest lines of this level and above that hold these words."""
        return await asyncio.to_thread(logbook.latest, self.var, least, words)

    async def retry(self, actor: Actor, turn_id: str) -> None:
        """Try a dead turn again from the step that failed; `Impossible` for one that is not dead."""
        await self.letters.retry(actor, turn_id)
