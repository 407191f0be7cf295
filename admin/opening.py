"""Opens the panel: what only it needs, beside what the house has already."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from admin import panel
from admin.frame.rooms import Rooms
from core_pipeline.atelier import craft_of
from core_pipeline.erasing.aging import aging
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.operating.machine import Machine
from core_pipeline.portraits.gallery import Gallery
from core_pipeline.portraits.workshop import Workshop
from core_pipeline.turns.desk import Desk
from core_pipeline.turns.locks import lock_for
from tenants import processes
from tenants.signing import Signer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.routing import BaseRoute

    from admin.frame.rooms import OpenLines
    from core_pipeline.actions.doing import Actions
    from core_pipeline.engines.fair import FairGate
    from core_pipeline.engines.residency import Residency
    from core_pipeline.engines.router import Engines
    from core_pipeline.knowledge.documents.stacks import Stacks
    from core_pipeline.knowledge.shelf import Shelf
    from tenants.blobs import Blobs
    from tenants.floor import Floor
    from tenants.inbox import Inbox
    from tenants.links import Links

WIDGET = Path(__file__).parents[1] / "channels" / "web" / "widget" / "dist"
TALK = "talk"


class House(Protocol):
    """What the running platform has already."""

    @property
    def floor(self) -> Floor: ...  # noqa: D102 - named like the platform's own
    @property
    def inbox(self) -> Inbox: ...  # noqa: D102
    @property
    def lines(self) -> OpenLines: ...  # noqa: D102
    @property
    def engines(self) -> Engines: ...  # noqa: D102
    @property
    def shelf(self) -> Shelf: ...  # noqa: D102
    @property
    def blobs(self) -> Blobs: ...  # noqa: D102
    @property
    def gate(self) -> FairGate: ...  # noqa: D102
    @property
    def actions(self) -> Actions: ...  # noqa: D102
    @property
    def links(self) -> Links: ...  # noqa: D102
    @property
    def making(self) -> str: ...  # noqa: D102
    @property
    def stacks(self) -> Stacks: ...  # noqa: D102
    @property
    def residency(self) -> Residency: ...  # noqa: D102


@dataclass(frozen=True)
class Terms:
    """How the operator wants it: our public `address`, this `process`'s name, where the workflow engine's data lies."""

    address: str
    process: str
    var: Path
    turns_url: str
    chains: Mapping[str, str]
    inner: frozenset[str]


@dataclass(frozen=True)
class Panel:
    """The open panel: every address of it, and the operator's desk and machine, which other doors may use, too."""

    routes: list[BaseRoute]
    desk: Desk
    machine: Machine


@asynccontextmanager
async def open_panel(house: House, terms: Terms) -> AsyncIterator[Panel]:
    """Open the panel."""
    async with AsyncExitStack() as stack:
        # Both start with the first file: most processes and most days see none.
        sandbox, workshop = Sandbox(), Workshop()
        stack.push_async_callback(sandbox.close)
        stack.push_async_callback(workshop.close)
        desk = await asyncio.to_thread(Desk, house.floor.db, terms.turns_url)
        stack.callback(desk.close)
        signer = Signer(house.floor.vault)
        gallery = Gallery(house.floor.db, house.blobs, workshop, craft_of(house.engines))

        lock = lock_for(terms.turns_url, "aging")
        await stack.enter_async_context(aging(house.floor.db, house.blobs, lock))
        beats = processes.beating(house.floor.db, terms.process, "serve", house.engines.figures)
        await stack.enter_async_context(beats)
        own = {"sandbox": sandbox, "gallery": gallery, "desk": desk, "signer": signer}
        seen = house.floor, house.inbox, house.lines, house.engines, desk, terms.var, terms.address, terms.chains
        yield Panel(panel.routes(_rooms(house, terms, own)), desk, Machine(*seen))


def _rooms(house: House, terms: Terms, own: dict[str, Any]) -> Rooms:
    signer: Signer = own["signer"]
    return Rooms(
        **own,
        floor=house.floor,
        inbox=house.inbox,
        lines=house.lines,
        engines=house.engines,
        shelf=house.shelf,
        blobs=house.blobs,
        gate=house.gate,
        actions=house.actions,
        links=house.links,
        making=house.making,
        stacks=house.stacks,
        residency=house.residency,
        address=terms.address,
        process=terms.process,
        var=terms.var,
        built=panel.BUILT,
        widget=WIDGET,
        chains=dict(terms.chains),
        inner=terms.inner,
        talk_token=lambda tenant_id: signer.issue(tenant_id, [TALK]),
    )
