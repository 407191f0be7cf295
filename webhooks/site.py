"""The whole site: every address that we answer, with what stands behind each, opened and closed together."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.applications import Starlette

from channels import discover
from core_pipeline.atelier import craft_of
from core_pipeline.calls.board import Board, Switchroom
from core_pipeline.calls.equipment import Equipment
from core_pipeline.calls.face import LiveFaces
from core_pipeline.calls.going_on import GoingOn
from core_pipeline.calls.leading import Leading
from core_pipeline.calls.lobby import Lobby
from core_pipeline.calls.recital import Recital
from core_pipeline.calls.register import whose
from core_pipeline.calls.sweeping import Sweeping
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.portraits.gallery import Gallery
from core_pipeline.portraits.workshop import Workshop
from errors import NeedsOwner
from tenants.api_keys import Keyring
from tenants.engines import EngineBook
from tenants.house_keys import HouseKeyring
from tenants.signing import Signer
from webhooks import health, pages
from webhooks.api.access import Access
from webhooks.api.accounts import OwnAccounts, own_channel
from webhooks.api.building import build
from webhooks.api.needs import Dial, Needs, Rates
from webhooks.assistant import SCOPE, Assistant
from webhooks.calls import CallDoor
from webhooks.receive import FrontDoor
from webhooks.wires import Wires

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from starlette.routing import BaseRoute

    from core_pipeline.actions.doing import Actions
    from core_pipeline.calls.sweeping import Lock
    from core_pipeline.engines.fair import FairGate
    from core_pipeline.engines.router import Engines
    from core_pipeline.erasing.customer import Journal
    from core_pipeline.knowledge.documents.stacks import Stacks
    from core_pipeline.knowledge.shelf import Shelf
    from core_pipeline.operating.machine import Machine
    from tenants.blobs import Blobs
    from tenants.floor import Floor
    from tenants.inbox import Inbox
    from tenants.links import Links
    from webhooks.lines import OpenLines

WIDGET = Path(__file__).parents[1] / "channels" / "web" / "widget" / "dist"


@dataclass(frozen=True)
class Rooms:
    """What the site stands on; `making` tells one installation's way of answering from another's.

    The librarian of `stacks` is the one who works in this process, where one does: what is taken in here rings for him.
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
    stacks: Stacks


@dataclass(frozen=True)
class Terms:
    """How the operator wants it: our public `address`, this `process`'s name, how many calls it takes at once.

    `turn_model` is the file of a network that hears the end of a turn, `drain` how many seconds running calls get.
    `lock_of` gives a process's lock by its name, for who looks whether it is gone. `inner` are hosts within our network
    that tenants' set-ups may reach, `journal` what remembers how far turns are, `machine` the installation as whoever
    looks after it sees it.
    """

    address: str
    process: str
    lock_of: Callable[[str], Lock]
    calls_at_once: int = 30
    turn_model: Path | None = None
    drain: float = 60.0
    body_limit: int = 4 << 20
    rates: Rates = field(default_factory=Rates)
    inner: frozenset[str] = frozenset()
    journal: Journal | None = None
    machine: Machine | None = None


@dataclass(frozen=True)
class Site:
    """The open site: what serves it, and what lets its calls end."""

    web: Starlette
    leading: Leading
    terms: Terms

    async def drain(self) -> None:
        """Take no more calls, and let running ones end."""
        await self.leading.drain(self.terms.drain)


OpenSite: TypeAlias = "AbstractAsyncContextManager[Site]"


@asynccontextmanager
async def open_site(rooms: Rooms, terms: Terms, more: Sequence[BaseRoute] = ()) -> AsyncIterator[Site]:
    """Open everything that answers requests; `more` are addresses of other rooms."""
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(Sandbox())
        leading = await _leading(stack, rooms, terms, sandbox)
        calls = CallDoor(rooms.lines, rooms.floor.book, await _switchroom(stack, rooms, terms, leading))
        front = FrontDoor(rooms.lines, rooms.floor.book, rooms.inbox, terms.body_limit, calls.taken)
        signer = Signer(rooms.floor.vault)
        rings = Keyring(rooms.floor.db), HouseKeyring(rooms.floor.db)
        access = Access(rings[0], signer, terms.rates, terms.address, rings[1])
        accounts = OwnAccounts(rooms.floor.book, own_channel())
        assistant = Assistant(access, accounts, rooms.lines, calls.board, terms.address)
        checks = {"database": rooms.floor.book.everyone, "inbox": lambda: rooms.inbox.pending(1)}
        needs = replace(
            await _needs(stack, rooms, terms, sandbox, signer),
            dial=_dialling(rooms, calls),
            checks=checks,
            extra=assistant.api_routes(),
        )

        def figures() -> dict[str, Any]:
            counted = {**front.counters, **calls.counters, **assistant.counters}
            return {**counted, **rooms.engines.figures(), **leading.figures()}

        def token(tenant_id: str) -> str:
            return signer.issue(tenant_id, [SCOPE])

        await stack.enter_async_context(Wires(rooms.lines, rooms.floor.book, calls.board, _whose(rooms)))
        doors = [*front.routes(), *calls.routes(), *assistant.routes(), *build(needs, access=access)]
        pages_too = [*pages.routes(rooms.floor.db, WIDGET, token), *health.routes(checks, figures)]
        yield Site(Starlette(routes=[*doors, *pages_too, *more]), leading, terms)


async def _needs(stack: AsyncExitStack, rooms: Rooms, terms: Terms, sandbox: Sandbox, signer: Signer) -> Needs:
    workshop = await stack.enter_async_context(Workshop())
    return Needs(
        db=rooms.floor.db,
        blobs=rooms.blobs,
        book=rooms.floor.book,
        inbox=rooms.inbox,
        lines=rooms.lines,
        engines=rooms.engines,
        shelf=rooms.shelf,
        sandbox=sandbox,
        gate=rooms.gate,
        gallery=Gallery(rooms.floor.db, rooms.blobs, workshop, craft_of(rooms.engines)),
        signer=signer,
        links=rooms.links,
        address=terms.address,
        library=rooms.stacks.library,
        rates=terms.rates,
        journal=terms.journal,
        machine=terms.machine,
        vault=rooms.floor.vault,
        inner=terms.inner,
        own_engines=EngineBook(rooms.floor.db, rooms.floor.vault),
    )


async def _leading(stack: AsyncExitStack, rooms: Rooms, terms: Terms, sandbox: Sandbox) -> Leading:
    equipment = await stack.enter_async_context(Equipment(terms.turn_model))
    lobby = Lobby(
        rooms.floor.db, rooms.blobs, rooms.engines, rooms.shelf, rooms.actions, gate=rooms.gate, making=rooms.making
    )
    await rooms.engines.warm()
    return Leading(lobby, equipment, sandbox, LiveFaces(rooms.floor.db, rooms.blobs, rooms.engines))


async def _switchroom(stack: AsyncExitStack, rooms: Rooms, terms: Terms, leading: Leading) -> Switchroom:
    windows = {name: spec.limits.window for name, spec in discover().items() if spec.emulator is not None}
    going_on = GoingOn(rooms.floor.db, rooms.blobs, rooms.inbox, windows)
    room = Switchroom(
        rooms.floor.db,
        rooms.lines,
        leading,
        going_on,
        Recital(leading.lobby, rooms.links),
        terms.address,
        terms.process,
        terms.calls_at_once,
    )
    stack.push_async_callback(room.close)
    await room.take_up()
    await stack.enter_async_context(Sweeping(room, terms.lock_of))
    return room


def _dialling(rooms: Rooms, calls: CallDoor) -> Dial:
    async def dial(account_id: str, to: str, opening: str) -> str:
        account = await rooms.floor.book.get(account_id)
        if account is None or not account.active:
            raise NeedsOwner("account-off", "connect a number that carries calls first")
        return await Board.dial(calls.board(account), to, opening)

    return dial


def _whose(rooms: Rooms) -> Callable[[str], Any]:
    async def found(token: str) -> str | None:
        async with rooms.floor.db.platform(reads=True) as session:
            return await whose(session, token)

    return found
