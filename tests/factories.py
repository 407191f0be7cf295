"""Rows for tests, written through the platform's door; every factory fills what the test does not care about."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
from sqlmodel import SQLModel

from core_pipeline.contracts.specs import Bench
from tenants.db import Database
from tenants.models import Agency, ChannelAccount, Contact, Conversation, Direction, Entry, Message, Tenant

Row = TypeVar("Row", bound=SQLModel)


def bench(folder: Path) -> Bench:
    """What an engine may use, with its files in this folder."""
    return Bench(folder, httpx.AsyncClient())


async def make_tenant(db: Database, **fields: Any) -> Tenant:
    """A tenant in an agency of its own."""
    slug = f"t-{uuid4().hex[:8]}"
    agency = await _keep(db, Agency(slug=f"agency-of-{slug}", name="Agency"))
    given = {"slug": slug, "name_ar": "متجر", "name_en": "Shop", **fields}
    return await _keep(db, Tenant(agency_id=agency.id, **given))


async def make_account(db: Database, tenant: Tenant, **fields: Any) -> ChannelAccount:
    """A connected account without secrets."""
    given = {"channel": "web", "external_id": uuid4().hex, "title": "Account", **fields}
    return await _keep(db, ChannelAccount(tenant_id=tenant.id, **given))


async def make_contact(db: Database, tenant: Tenant, **fields: Any) -> Contact:
    """A customer without identities."""
    return await _keep(db, Contact(tenant_id=tenant.id, **fields))


async def make_conversation(db: Database, account: ChannelAccount, **fields: Any) -> Conversation:
    """A thread of a new contact with this account."""
    if "contact_id" not in fields:
        fields["contact_id"] = (await _keep(db, Contact(tenant_id=account.tenant_id))).id
    given = {"chat": uuid4().hex, "address": {"chat": "1"}, **fields}
    return await _keep(db, Conversation(tenant_id=account.tenant_id, account_id=account.id, **given))


async def make_message(db: Database, conversation: Conversation, **fields: Any) -> Message:
    """A customer's text in this thread."""
    given = {"direction": Direction.IN, "kind": "text", "text": "مرحبا", "provider_id": uuid4().hex, **fields}
    given |= {"tenant_id": conversation.tenant_id, "account_id": conversation.account_id}
    return await _keep(db, Message(conversation_id=conversation.id, **given))


async def make_entry(db: Database, tenant: Tenant, **fields: Any) -> Entry:
    """A question with its answer."""
    given = {"fact": uuid4().hex, "language": "en", "question": "When?", "answer": "At nine.", **fields}
    return await _keep(db, Entry(tenant_id=tenant.id, **given))


async def _keep(db: Database, row: Row) -> Row:
    async with db.platform() as session:
        session.add(row)
    return row
