"""Conversations for the inbox to show."""

from __future__ import annotations

from typing import Any

from tenants.models import ChannelAccount, Contact, Conversation, now
from tests.factories import make_account, make_conversation, make_message
from tests.panel.house import Panel

INBOX = "/t/demo/inbox"


async def talked(panel: Panel, name: str = "سلمى", text: str = "عندكم كنافة؟", **fields: Any) -> Conversation:
    """A conversation on the web with one message of the customer's."""
    async with panel.db.platform() as session:
        contact = Contact(tenant_id=panel.tenant.id, name=name)
        session.add(contact)
    account = fields.pop("account", None) or await account_of(panel)
    shown = {"last_text": text, "last_kind": "text", "last_direction": "in", "last_at": now(), "changed_at": now()}
    given = {"contact_id": contact.id, "unread": 1, **shown, **fields}
    conversation = await make_conversation(panel.db, account, **given)
    await make_message(panel.db, conversation, text=text)
    return conversation


async def account_of(panel: Panel) -> ChannelAccount:
    """A new account on the web."""
    return await make_account(panel.db, panel.tenant, channel="web", title="Site")
