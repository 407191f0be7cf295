"""A farm with real databases and a paper vendor: the network and the engines do what a test tells them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import select
from sqlmodel import col

from core_pipeline.contracts.channel import Limits
from core_pipeline.contracts.messages import (
    Identity,
    Inbound,
    Kind,
    MediaRef,
    Receipt,
    Sender,
    Status,
)
from core_pipeline.engines.fair import FairGate
from core_pipeline.engines.router import Engines
from core_pipeline.knowledge.shelf import Shelf
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.turns.deps import Deps, Line
from core_pipeline.turns.farm import Farm
from core_pipeline.turns.flow import Tries
from core_pipeline.turns.works import working
from tenants.blobs import Blobs
from tenants.inbox import Inbox, NewRow
from tenants.models import ChannelAccount, Tenant, Turn, TurnState
from tests.conftest import Floor
from tests.factories import make_account, make_tenant
from tests.turns.paper import OGG, PaperChannel, PaperEngines, PaperSandbox


@dataclass
class Plant:
    """Everything that a test of turns may touch."""

    floor: Floor
    tenant: Tenant
    account: ChannelAccount
    channel: PaperChannel
    engines: PaperEngines
    inbox: Inbox
    deps: Deps
    url: str
    tries: Tries
    farm: Farm | None = None
    count: int = 0

    @asynccontextmanager
    async def working(self, executor_id: str = "test") -> AsyncIterator[Plant]:
        """Relay and answer during the block."""
        async with working(
            self.deps, self.inbox, self.url, executor_id=executor_id, tries=self.tries, at_once=8
        ) as self.farm:
            yield self

    async def says(
        self,
        text: str | None,
        chat: str = "c1",
        kind: Kind = Kind.TEXT,
        media: bytes | None = None,
        names: tuple[str, ...] = (),
    ) -> str:
        """Put a customer's message into the inbox, who may bear more names than the chat; return its turn id."""
        self.count += 1
        provider_id = f"in-{self.count}"
        ref = None
        if media is not None:
            self.channel.files[provider_id] = media
            ref = MediaRef(id=provider_id, mime="audio/ogg")
        inbound = Inbound(
            account=self.account.external_id,
            provider_id=provider_id,
            chat=chat,
            sender=Sender(identities=tuple(Identity(kind="paper", value=name) for name in (chat, *names))),
            sent_at=datetime.now(UTC),
            kind=kind,
            text=text,
            media=ref,
            address={"to": chat},
        )
        await self.put(provider_id, inbound.model_dump_json())
        return f"{self.account.id}:{provider_id}"

    async def put(self, provider_id: str, payload: str) -> None:
        await self.inbox.put([NewRow(self.tenant.id, self.account.id, provider_id, payload)])

    async def receipt(self, message_id: str, status: Status, key: str | None = None) -> None:
        """Put a vendor's receipt into the inbox."""
        event = Receipt(
            account=self.account.external_id, message_id=message_id, status=status, at=datetime.now(UTC), key=key
        )
        await self.put(event.provider_id, event.model_dump_json())

    async def turn(self, turn_id: str, *states: TurnState, timeout: float = 20.0) -> Turn:
        """The turn, once it is in one of these states."""
        wanted = states or (TurnState.ANSWERED, TurnState.DEAD)
        async with asyncio.timeout(timeout):
            while True:
                async with self.floor.db.platform(reads=True) as session:
                    turn = await session.get(Turn, turn_id)
                if turn is not None and turn.state in wanted:
                    return turn
                await asyncio.sleep(0.02)

    async def rows(self, table: type[Any], **where: Any) -> list[Any]:
        """Rows of a table, in order of their ids."""
        query = select(table).order_by(col(table.id))
        for name, value in where.items():
            query = query.where(col(getattr(table, name)) == value)
        async with self.floor.db.platform(reads=True) as session:
            return list((await session.scalars(query)).all())

    def texts(self) -> list[str]:
        return [reply.text or "" for reply in self.channel.sent]


class OneLine:
    """Every account is the paper channel's."""

    def __init__(self, channel: PaperChannel) -> None:
        self.channel = channel

    async def line(self, account_id: str) -> Line:
        return Line(self.channel, self.channel.limits)


def turns_url(floor: Floor) -> str:
    """Where the workflow engine keeps its checkpoints for this floor."""
    main = floor.main_url
    return main.replace("sqlite+aiosqlite", "sqlite").replace("main.db", "turns.db") if "sqlite" in main else main


@asynccontextmanager
async def planted(floor: Floor, tmp_path: Path, *, receipts: bool = True, **policy: Any) -> AsyncIterator[Plant]:
    """A tenant with one paper account, ready to work; bursts are short so that tests are."""
    tenant = await make_tenant(floor.db, policy={"burst_seconds": 0.05, "answerable": 0, **policy})
    account = await make_account(floor.db, tenant, channel="paper")
    limits = Limits(
        text_chars=100,
        voice=OGG,
        voice_bytes=1 << 20,
        fetch_bytes=1 << 20,
        busy_seconds=0.05,
        receipts=receipts,
        polling=False,
    )
    channel, engines = PaperChannel(limits), PaperEngines()
    deps = Deps(
        floor.db,
        Blobs(f"file://{tmp_path}/blobs"),
        OneLine(channel),
        cast("Sandbox", PaperSandbox()),
        cast("Engines", engines),
        Shelf(floor.db),
        FairGate(2),
        settle_seconds=1.0,
    )
    async with Inbox(floor.inbox_url) as inbox:
        yield Plant(floor, tenant, account, channel, engines, inbox, deps, turns_url(floor), Tries(3, 0.05))
