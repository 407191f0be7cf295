"""What the panel works with; app.py gives it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from core_pipeline.actions.doing import Actions
    from core_pipeline.contracts.channel import ChannelSpec, Opening
    from core_pipeline.engines.fair import FairGate
    from core_pipeline.engines.residency import Residency
    from core_pipeline.engines.router import Engines
    from core_pipeline.knowledge.documents.stacks import Stacks
    from core_pipeline.knowledge.shelf import Shelf
    from core_pipeline.media.sandbox import Sandbox
    from core_pipeline.portraits.gallery import Gallery
    from core_pipeline.turns.deps import Line
    from core_pipeline.turns.desk import Desk
    from tenants.blobs import Blobs
    from tenants.floor import Floor
    from tenants.inbox import Inbox
    from tenants.links import Links
    from tenants.signing import Signer


class OpenLines(Protocol):
    """Accounts' opened channels."""

    async def line(self, account_id: str) -> Line:
        """The opened account; `NeedsOwner` when it is gone or switched off."""

    async def opening(self, account_id: str) -> Opening:
        """All with which an account's channel is opened, whether it is switched on or not."""

    def platform(self, channel: str) -> BaseModel:
        """The installation-wide settings of a channel."""

    def spec(self, channel: str) -> ChannelSpec | None:
        """The channel of this name, if there is one."""

    async def install(self, account_id: str, address: str) -> None:
        """Tell the vendor to call this installation's public address for an account."""


@dataclass(frozen=True)
class Rooms:
    """The rooms below, as the panel needs them.

    `address` is our public one, `process` this process's name, `var` the folder of the installation's own files;
    `built` is the folder of the panel's built files, `widget` of the website widget's. `inner` are hosts within our
    network that tenants' set-ups may reach. `talk_token` gives a short-lived token to talk to a tenant's bot.
    """

    floor: Floor
    inbox: Inbox
    lines: OpenLines
    engines: Engines
    shelf: Shelf
    blobs: Blobs
    gate: FairGate
    actions: Actions
    links: Links
    making: str
    residency: Residency
    sandbox: Sandbox
    gallery: Gallery
    stacks: Stacks
    desk: Desk
    signer: Signer
    address: str
    process: str
    var: Path
    built: Path
    widget: Path
    chains: dict[str, str]
    inner: frozenset[str]
    talk_token: Callable[[str], str]
