"""A tenant with a shop, its actions, and a customer in a conversation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from core_pipeline.actions.doing import Actions, Outcome, Place, Settled
from core_pipeline.contracts.engines import Passage, ToolCall
from core_pipeline.guard import GuardedClient, guarded_client
from tenants.actions import ActionDraft, save
from tenants.db import Database
from tenants.models import Action, Conversation, Tenant, Turn, TurnState
from tenants.vault import Vault
from tests.actions.shop import KEY, Shop, open_shop
from tests.conftest import Floor
from tests.factories import make_account, make_conversation, make_tenant

BOOKING = {
    "type": "object",
    "properties": {
        "people": {"type": "integer", "minimum": 1, "maximum": 20, "title": "العدد"},
        "date": {"type": "string", "format": "date"},
    },
    "required": ["people", "date"],
}
ORDER = {"type": "object", "properties": {"number": {"type": "string"}}, "required": ["number"]}
STATUS = {"type": "object", "properties": {"status": {"type": "string", "enum": ["new", "on its way"]}}}


@dataclass
class Counter:
    """A tenant's actions at work in one conversation; `time` is what the clock shows."""

    db: Database
    vault: Vault
    client: GuardedClient
    shop: Shop
    tenant: Tenant
    conversation: Conversation
    actions: Actions
    time: datetime
    turns: int = 0

    def place(self, turn_id: str, language: str = "en") -> Place:
        return Place(self.tenant.id, self.conversation.id, turn_id, language)

    async def run(
        self, name: str, arguments: dict[str, Any], turn: str = "t1", passages: tuple[Passage, ...] = ()
    ) -> Outcome:
        return await self.actions.run(self.place(turn), ToolCall("c1", name, arguments), passages)

    async def asks(self, turn: str = "t1", language: str = "en", **arguments: Any) -> str:
        """Let the engine ask for a booking in a turn that ends well; the question that was put."""
        call = ToolCall("c1", "book_table", {"people": 4, "date": "2030-12-31", **arguments})
        question = (await self.actions.run(self.place(turn, language), call)).question
        await self.ends(turn, question)
        return question

    async def ends(self, turn: str, answer: str, state: TurnState = TurnState.ANSWERED) -> None:
        async with self.db.tenant(self.tenant.id) as session:
            session.add(
                Turn(
                    id=turn,
                    tenant_id=self.tenant.id,
                    conversation_id=self.conversation.id,
                    state=state,
                    answer=f"… {answer}",
                )
            )

    async def hears(self, text: str, turn: str = "t2", language: str = "en") -> Settled | None:
        return await self.actions.settle(self.place(turn, language), text)

    async def pending(self) -> dict[str, Any] | None:
        async with self.db.tenant(self.tenant.id, reads=True) as session:
            return (await session.get_one(Conversation, self.conversation.id)).pending

    async def keep(self, **fields: Any) -> Action:
        draft = ActionDraft(**{"description": "Something", "secrets": {"X-Api-Key": SecretStr(KEY)}, **fields})
        async with self.db.tenant(self.tenant.id) as session:
            return await save(session, self.vault, draft, allow={self.shop.place})


@pytest.fixture
async def counter(database: Floor) -> AsyncIterator[Counter]:
    tenant = await make_tenant(database.db)
    conversation = await make_conversation(database.db, await make_account(database.db, tenant))
    vault, started = Vault.generate(), datetime.now(UTC)
    async with open_shop() as shop, guarded_client({shop.place}) as client:
        actions = Actions(database.db, vault, client, clock=lambda: made.time)
        made = Counter(database.db, vault, client, shop, tenant, conversation, actions, started)
        await made.keep(
            name="order_status", description="Look up an order.", url=f"{shop.url}/orders/{{number}}", parameters=ORDER
        )
        await made.keep(name="list_orders", url=f"{shop.url}/orders", parameters=STATUS)
        await made.keep(
            name="book_table",
            description="Book a table.",
            method="POST",
            url=f"{shop.url}/bookings",
            parameters=BOOKING,
            changes=True,
            timeout=2.0,
        )
        yield made


MINUTE = timedelta(minutes=1)
