"""What calls in one process share, and how much of it one call may take."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core_pipeline.calls.sounds import Sounds
from core_pipeline.engines.fair import FairGate
from core_pipeline.thinking.matter import Mind

if TYPE_CHECKING:
    from core_pipeline.actions.doing import Actions
    from core_pipeline.engines.router import Engines
    from core_pipeline.knowledge.shelf import Shelf
    from tenants.blobs import Blobs
    from tenants.db import Database


@dataclass(frozen=True)
class Lobby:
    """The rooms below, as calls need them; once per process.

    `gate` is how many calls hear or speak at once with engines that work in this very process; `making` tells one
    installation's way of answering from another's, as for turns.
    """

    db: Database
    blobs: Blobs
    engines: Engines
    shelf: Shelf
    actions: Actions | None = None
    sounds: Sounds = field(default_factory=Sounds)
    gate: FairGate = field(default_factory=lambda: FairGate(2))
    making: str = ""

    @property
    def mind(self) -> Mind:
        """What answers are found with."""
        return Mind(self.engines, self.shelf)


@dataclass(frozen=True)
class Share:
    """One tenant's share: `here` are the kinds of engines that work in this process for them, and wait for a place."""

    gate: FairGate
    tenant_id: str
    here: frozenset[str] = frozenset()

    def place(self, kind: str) -> AbstractAsyncContextManager[None]:
        """Hold a place while an engine of this kind works; hosted and heavy engines have queues of their own."""
        return self.gate.hold(self.tenant_id) if kind in self.here else nullcontext()


async def share_of(lobby: Lobby, tenant_id: str) -> Share:
    """The tenant's share, by the engine that is asked first of each kind."""
    first = {one.spec.kind: one.spec for one in reversed(await lobby.engines.configurations(tenant_id))}
    here = frozenset(kind for kind, spec in first.items() if not spec.hosted and not spec.heavy)
    return Share(lobby.gate, tenant_id, here)
