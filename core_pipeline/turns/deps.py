"""What the stages of a turn work with; built once per process by app.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from core_pipeline.thinking.matter import Mind
from core_pipeline.turns.darkroom import Darkroom

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from core_pipeline.actions.doing import Actions
    from core_pipeline.contracts.channel import Channel, Limits
    from core_pipeline.engines.fair import FairGate
    from core_pipeline.engines.router import Engines
    from core_pipeline.knowledge.shelf import Shelf
    from core_pipeline.media.sandbox import Sandbox
    from tenants.blobs import Blobs
    from tenants.db import Database

    Link: TypeAlias = Callable[[str, str, str], str]


@dataclass(frozen=True)
class Line:
    """An opened account: its channel and what the network can carry."""

    channel: Channel
    limits: Limits


class Lines(Protocol):
    """Opens accounts' channels, each once per process."""

    async def line(self, account_id: str) -> Line:
        """Return the opened account; `NeedsOwner` when it is switched off or its secrets can't be opened."""


@dataclass(frozen=True)
class Here:
    """Which turn we are in."""

    turn_id: str
    tenant_id: str
    conversation_id: str
    account_id: str
    message_id: int


@dataclass(frozen=True)
class Deps:
    """The rooms below, as the stages need them; `making` tells one installation's way of answering from another's.

    A customer is told that the video takes a while `soon_seconds` after their turn began. `link` makes the address
    (of a tenant's blob, with its MIME type) at which a channel lets a vendor or a page fetch what is sent.
    """

    db: Database
    blobs: Blobs
    lines: Lines
    sandbox: Sandbox
    engines: Engines
    shelf: Shelf
    gate: FairGate
    settle_seconds: float = 15.0
    actions: Actions | None = None
    making: str = ""
    darkroom: Darkroom = field(default_factory=Darkroom)
    soon_seconds: float = 8.0
    link: Link | None = None

    @property
    def mind(self) -> Mind:
        """What answers are found with."""
        return Mind(self.engines, self.shelf)
