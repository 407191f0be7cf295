"""A tenant whose customers left traces everywhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import SQLModel

from tenants import models
from tenants.blobs import Blobs
from tenants.inbox import Inbox
from tenants.inbox_sql import NewRow
from tests.conftest import Floor
from tests.factories import make_account, make_contact, make_conversation, make_message, make_tenant

OF_CUSTOMERS = (
    models.Contact,
    models.ContactIdentity,
    models.Conversation,
    models.Message,
    models.Turn,
    models.TurnStage,
    models.Call,
    models.ConversationNote,
    models.ConversationLabel,
    models.OpenQuestion,
    models.CachedAnswer,
    models.Notice,
    models.Render,
    models.Film,
)


@dataclass
class Journal:
    """Notes which turns were forgotten."""

    forgotten: list[str] = field(default_factory=list)

    async def forget(self, turn_ids: Sequence[str]) -> None:
        """Note them."""
        self.forgotten += turn_ids


@dataclass
class Place:
    """A tenant with a database, a store and an inbox."""

    floor: Floor
    blobs: Blobs
    inbox: Inbox
    folder: Path
    tenant: models.Tenant
    account: models.ChannelAccount
    journal: Journal = field(default_factory=Journal)

    async def customer(self, name: str, at: datetime | None = None, **turn: Any) -> models.Contact:
        """A customer who left something in every table, at this time."""
        own: dict[str, Any] = {"tenant_id": self.tenant.id}
        when: dict[str, Any] = {"created_at": at or models.now()}
        contact = await make_contact(self.floor.db, self.tenant, name=name, **when)
        last = {"last_at": when["created_at"]}
        talk = await make_conversation(self.floor.db, self.account, contact_id=contact.id, **when, **last)
        files = [await self.blobs.put(self.tenant.id, "heard", name.encode()) for _ in range(4)]
        asked = {"text": name, "blob": files[0], "turn_id": f"{name}-turn", "provider_id": f"{name}-in", **when}
        message = await make_message(self.floor.db, talk, **asked)
        await self.inbox.put([NewRow(self.tenant.id, self.account.id, f"{name}-in", f'{{"text": "{name}"}}')])
        [row] = [one for one in await self.inbox.pending(100) if one.provider_id == f"{name}-in"]
        await self.inbox.mark([row.id])
        label = models.Label(name=f"label of {name}", **own)
        state = {"state": models.TurnState.ANSWERED, "heard": name, "started_at": when["created_at"], **turn}
        await self._keep(
            label,
            models.ContactIdentity(contact_id=contact.id, kind="phone", value=name, **own),
            models.Turn(id=f"{name}-turn", conversation_id=talk.id, **state, **own),
        )
        place = {"conversation_id": talk.id, **own}
        taped = {"recording": files[1], "started_at": when["created_at"]}
        hook = models.Subscription(url="https://shop.example", events=["turn.answered"], sealed="", **own)
        await self._keep(hook)
        voice = models.ClonedVoice(name=name, language="ar", **own)
        await self._keep(voice)
        await self._keep(
            models.TurnStage(turn_id=f"{name}-turn", name="speak", **own),
            models.Call(account_id=self.account.id, provider_id=name, **taped, **place),
            models.ConversationNote(who="a colleague", text=name, **place),
            models.ConversationLabel(label_id=label.id, **place),
            models.OpenQuestion(language="ar", question=name, plain=name, turn_id=f"{name}-turn", **last, **own),
            models.CachedAnswer(
                key=name, circumstances="c", question=name, language="ar", answer=name, blob=files[2], **own
            ),
            models.Notice(subscription_id=hook.id, key=str(message.id), event="message.received", **own),
            models.Notice(subscription_id=hook.id, key=f"{talk.id}:2026", event="handoff.requested", **own),
            models.Render(voice_id=voice.id, blob=files[0], **own),
            models.Film(blob=files[1], **own),
        )
        return contact

    async def counts(self) -> dict[str, int]:
        """Rows by table, of all tenants."""
        async with self.floor.db.platform(reads=True) as session:
            return {
                str(table.__tablename__): int(await session.scalar(select(func.count()).select_from(table)) or 0)
                for table in OF_CUSTOMERS
            }

    def stored(self) -> list[bytes]:
        """What is in the files of the store."""
        return [file.read_bytes() for file in self.folder.rglob("*") if file.is_file()]

    async def _keep(self, *rows: SQLModel) -> None:
        async with self.floor.db.platform() as session:
            session.add_all(rows)


@pytest.fixture
async def place(database: Floor, tmp_path: Path) -> AsyncIterator[Place]:
    """A tenant with an account."""
    tenant = await make_tenant(database.db)
    account = await make_account(database.db, tenant)
    folder = tmp_path / "blobs"
    async with Inbox(database.inbox_url) as inbox:
        yield Place(database, Blobs(f"file://{folder}"), inbox, folder, tenant, account)
