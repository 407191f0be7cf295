"""An office with one phone line: the real switchboard on a real database, with a paper vendor and paper talks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from core_pipeline.calls.board import Board, Switchroom
from core_pipeline.calls.going_on import GoingOn
from core_pipeline.contracts.calls import CallNews, Ring, Ticket
from core_pipeline.contracts.messages import Identity, Inbound, Kind, MediaRef, Sender
from core_pipeline.history import incoming
from core_pipeline.history.outgoing import UNSENT
from core_pipeline.history.threads import HUMAN
from tenants.accounts import AccountRef
from tenants.blobs import Blobs
from tenants.inbox import Inbox
from tenants.models import Call, Conversation, Direction, Tenant
from tests.conftest import Floor
from tests.factories import make_account, make_message, make_tenant

CALLER = Sender(identities=(Identity(kind="phone", value="201000000001"),))
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ON_WHATSAPP = Sender(identities=(Identity(kind="paper_phone", value="201000000001"),))


class PaperLeader:
    """Leads no talk: it ends when told, for the reason it is told."""

    def __init__(self) -> None:
        self.taken, self.closing = 0, False
        self.reason = "caller"
        self.led: list[tuple[Ticket, Any]] = []

    async def lead(self, ticket: Ticket, leg: Any) -> str:
        self.led.append((ticket, leg))
        return self.reason


class PaperLine:
    """A vendor that dials, picks up and keeps recordings."""

    def __init__(self) -> None:
        self.dialled: list[tuple[Mapping[str, Any], Ticket]] = []
        self.fails: Exception | None = None

    async def dial(self, to: Mapping[str, Any], ticket: Ticket, board: Any) -> str:
        if self.fails:
            raise self.fails
        self.dialled.append((to, ticket))
        return f"CA{len(self.dialled)}"

    async def picked_up(self, news: CallNews, ticket: Ticket) -> str:
        return f"leg for {news.answer}"

    async def fetch(self, media: MediaRef) -> AsyncIterator[bytes]:
        yield b"RIFF"
        yield media.id.encode()


@dataclass
class Office:
    """A tenant with one phone line and one paper network."""

    floor: Floor
    tenant: Tenant
    board: Board
    leader: PaperLeader
    line: PaperLine
    inbox: Inbox
    room: Switchroom
    account_id: str
    paper_id: str
    ref: AccountRef
    recited: list[str] = field(default_factory=list)

    async def policy(self, **calls: Any) -> None:
        async with self.floor.db.tenant(self.tenant.id) as session:
            (await session.get_one(Tenant, self.tenant.id)).policy = {"calls": calls}

    async def held(self, account_id: str) -> None:
        """A colleague answers in this account's conversation."""
        await self._changes(account_id, mode=HUMAN, agent_id="mona")

    async def looked(self) -> None:
        """Everything that changed until now has been seen."""
        await self._changes(self.account_id, changed_at=LONG_AGO)

    async def moved(self) -> bool:
        """Whether open pages hear that the line's conversation has changed since."""
        async with self.floor.db.tenant(self.tenant.id, reads=True) as session:
            asked = select(col(Conversation.changed_at)).where(col(Conversation.account_id) == self.account_id)
            return all(at > LONG_AGO for at in await session.scalars(asked))

    async def _changes(self, account_id: str, **changes: Any) -> None:
        async with self.floor.db.tenant(self.tenant.id) as session:
            await session.execute(
                update(Conversation).where(col(Conversation.account_id) == account_id).values(**changes)
            )

    async def call(self, provider_id: str) -> Call:
        async with self.floor.db.tenant(self.tenant.id, reads=True) as session:
            return (await session.scalars(select(Call).where(col(Call.provider_id) == provider_id))).one()

    async def arrived(self) -> list[Inbound]:
        await asyncio.gather(*self.room.tasks)
        return [Inbound.model_validate_json(row.payload) for row in await self.inbox.pending(10)]

    async def wrote(self, call: Call, key: str, text: str) -> None:
        """A card of the call, not sent yet."""
        async with self.floor.db.tenant(self.tenant.id) as session:
            conversation = await session.get_one(Conversation, call.conversation_id)
        given = {"direction": Direction.OUT, "text": text, "key": key, "status": UNSENT, "provider_id": None}
        await make_message(self.floor.db, conversation, **given)

    async def known_on_paper(self, ago: timedelta = timedelta()) -> None:
        """The customer has written on the other network."""
        at = datetime.now(UTC) - ago
        written = Inbound(
            account="paper", provider_id="1", chat="201000000001", sender=ON_WHATSAPP, sent_at=at, kind=Kind.TEXT,
            text="hi", address={"to": "201000000001"},
        )  # fmt: skip
        async with self.floor.db.tenant(self.tenant.id) as session:
            await incoming.record(session, incoming.Arrival(1, self.tenant.id, self.paper_id, at, written))


@asynccontextmanager
async def open_office(database: Floor, tmp_path: Path) -> AsyncIterator[Office]:
    """An office on this floor."""
    tenant = await make_tenant(database.db)
    account = await make_account(database.db, tenant, channel="line", external_id="100")
    paper = await make_account(database.db, tenant, channel="paper", external_id="paper")
    leader, line, recited = PaperLeader(), PaperLine(), list[str]()

    async def line_of(account_id: str) -> Any:
        return SimpleNamespace(channel=line)

    async def recite(tenant_id: str, words: str, language: str) -> str:
        recited.append(words)
        return "https://us.example/media/words"

    async with Inbox(database.inbox_url) as inbox:
        going_on = GoingOn(database.db, Blobs(f"file://{tmp_path}/blobs"), inbox, {"paper": 86_400.0})
        lines = SimpleNamespace(line=line_of)
        room = Switchroom(database.db, lines, leader, going_on, recite, "https://us.example", "one", at_once=2)
        ref = AccountRef(account.id, tenant.id, "line", "100", active=True)
        board = Board(room, ref)
        yield Office(database, tenant, board, leader, line, inbox, room, account.id, paper.id, ref, recited)
        await room.close()


def ring(provider_id: str = "CA1", **more: Any) -> Ring:
    given = {"address": {"to": "+201000000001"}, **more}
    return Ring(account="100", provider_id=provider_id, sender=CALLER, at=datetime.now(UTC), **given)
