"""Every channel's calls at the real doors and the real switchboard; what is said there is a parrot's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from starlette.applications import Starlette

from core_pipeline.calls import register
from core_pipeline.calls.board import Switchroom
from core_pipeline.calls.going_on import GoingOn
from core_pipeline.contracts.calls import Caller, CallLine, Ticket
from core_pipeline.contracts.channel import ChannelSpec
from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.legs import FRAME_SECONDS, Key, Leg, Reached, Sound
from core_pipeline.media.pcm import samples
from tenants.accounts import AccountBook
from tenants.api_keys import Keyring
from tenants.blobs import Blobs
from tenants.inbox import Inbox
from tenants.models import Tenant
from tenants.signing import Signer
from tenants.vault import Vault
from tests.conftest import Floor
from tests.factories import make_tenant
from webhooks.api.access import Access
from webhooks.api.accounts import OwnAccounts, own_channel
from webhooks.api.needs import Rates
from webhooks.assistant import Assistant
from webhooks.calls import CallDoor
from webhooks.lines import OpenLines
from webhooks.receive import FrontDoor
from webhooks.rehearsal import calling, on_port
from webhooks.server import listening
from webhooks.simulate import connect_demo, free_port
from webhooks.wires import Wires

TONE_HZ = 440.0
AHEAD = 0.2


def tone(rate: int, seconds: float, hertz: float = TONE_HZ) -> Pcm:
    """A clear tone at half volume."""
    at = np.arange(round(rate * seconds)) / rate
    return Pcm((np.sin(2 * np.pi * hertz * at) * 16_000).astype("<i2").tobytes(), rate)


def loudness(pcm: Pcm) -> float:
    """Root mean square in 0..1."""
    sound = samples(pcm)
    return float(np.sqrt(np.mean(sound**2))) if sound.size else 0.0


def pitch(pcm: Pcm) -> float:
    """The strongest frequency in Hz."""
    sound = samples(pcm)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(sound.size)))
    return float(np.argmax(spectrum) * pcm.sample_rate / sound.size)


@dataclass
class Parrot:
    """Leads talks: keeps what the leg yields, and plays when told."""

    taken: int = 0
    closing: bool = False
    leg: Leg | None = None
    ticket: Ticket | None = None
    pcm: bytearray = field(default_factory=bytearray)
    keys: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    moved: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def lead(self, ticket: Ticket, leg: Leg) -> str:
        self.leg, self.ticket = leg, ticket
        self.begun.set()
        async for event in leg.events():
            match event:
                case Sound(pcm):
                    self.pcm += pcm
                case Key(digit):
                    self.keys.append(digit)
                case Reached(mark):
                    self.marks.append(mark)
                case _:
                    pass
            async with self.moved:
                self.moved.notify_all()
        self.over.set()
        return "caller"

    async def until(self, found: Any, timeout: float = 15.0) -> None:
        """Wait until `found()` is true, looking whenever the leg yields something."""
        async with asyncio.timeout(timeout), self.moved:
            await self.moved.wait_for(found)

    async def play(self, pcm: Pcm, mark: str = "") -> None:
        """Play in real time, a little ahead, as the loop does."""
        assert self.leg is not None
        step, clock = round(pcm.sample_rate * FRAME_SECONDS) * 2, asyncio.get_running_loop()
        begun = clock.time()
        for number, at in enumerate(range(0, len(pcm.data), step)):
            await asyncio.sleep(max(0.0, begun + number * FRAME_SECONDS - AHEAD - clock.time()))
            await self.leg.play(pcm.data[at : at + step])
        if mark:
            await self.leg.mark(mark)

    @property
    def heard(self) -> Pcm:
        """Everything that the caller said until now."""
        assert self.leg is not None
        return Pcm(bytes(self.pcm), self.leg.sample_rate)


@dataclass
class Line:
    """One caller and the parrot that they reach."""

    spec: ChannelSpec
    caller: Caller
    parrot: Parrot
    floor: Floor
    tenant: Tenant
    account_id: str
    carrier: CallLine
    base: str
    book: AccountBook
    inbox: Inbox


async def _recited(tenant_id: str, words: str, language: str) -> str:
    return ""


@asynccontextmanager
async def answered(spec: ChannelSpec, floor: Floor, folder: Path, policy: Any = None) -> AsyncIterator[Line]:
    """The channel's demo account at real doors, with an emulated caller who has not dialled yet."""
    async with AsyncExitStack() as stack:
        tenant = await make_tenant(floor.db, policy={"calls": policy or {}})
        book, signer = AccountBook(floor.db, Vault.generate()), Signer(Vault.generate())
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=10.0, trust_env=False))
        inbox = await stack.enter_async_context(Inbox(floor.inbox_url))
        port, vendor = free_port(), free_port()
        base = f"http://127.0.0.1:{port}"
        lines = OpenLines(book, http, on_port(spec, vendor, lambda _: {}))
        stack.push_async_callback(lines.close)
        account_id = await connect_demo(book, spec, tenant.id)
        parrot, blobs = Parrot(), Blobs(f"file://{folder}/blobs")
        going_on = GoingOn(floor.db, blobs, inbox, {spec.name: 0.0})
        room = Switchroom(floor.db, lines, parrot, going_on, _recited, base, "one")
        stack.push_async_callback(room.close)
        calls = CallDoor(lines, book, room)
        front = FrontDoor(lines, book, inbox, 1 << 20, calls.taken)
        access = Access(Keyring(floor.db), signer, Rates(), base)
        assistant = Assistant(access, OwnAccounts(book, own_channel()), lines, calls.board, base)

        async def whose(token: str) -> str | None:
            async with floor.db.platform(reads=True) as session:
                return await register.whose(session, token)

        await stack.enter_async_context(Wires(lines, book, calls.board, whose))
        web = Starlette(routes=[*front.routes(), *calls.routes(), *assistant.routes()])
        await stack.enter_async_context(listening(web, "127.0.0.1", port))
        token = signer.issue(tenant.id, ["talk"])
        caller = await stack.enter_async_context(calling(spec, base, account_id, vendor, token))
        carrier: Any = (await lines.line(account_id)).channel
        yield Line(spec, caller, parrot, floor, tenant, account_id, carrier, base, book, inbox)
