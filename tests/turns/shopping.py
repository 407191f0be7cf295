"""A plant whose tenant has a shop's actions, and an engine that answers by a script."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from pydantic import SecretStr

from core_pipeline.actions.doing import Actions
from core_pipeline.contracts.engines import Ask, Piece, ToolCall
from core_pipeline.engines.router import Engines
from core_pipeline.guard import guarded_client
from tenants.actions import ActionDraft, save
from tenants.models import Conversation, Turn
from tenants.vault import Vault
from tests.actions.conftest import BOOKING, ORDER
from tests.actions.shop import KEY, Shop, open_shop
from tests.conftest import Floor
from tests.turns.paper import PaperEngines
from tests.turns.plant import Plant, planted

WISH, PARTY = "احجز لي طاولة من فضلك", {"people": 4, "date": "2030-12-31"}
BOOK = ToolCall("b1", "book_table", PARTY)
LOOK = ToolCall("o1", "order_status", {"number": "A-17"})
Answer = list[Piece]


@dataclass
class Scripted(PaperEngines):
    """Answers each asking with the next page of its script, and with an echo once that is at its end."""

    script: list[Answer] = field(default_factory=list)

    async def answer(self, ask: Ask) -> AsyncIterator[Piece]:
        self.asked.append(ask)
        for piece in self.script.pop(0) if self.script else [f"[{ask.question}]"]:
            yield piece


@dataclass
class Counter:
    """A plant whose tenant has a shop."""

    plant: Plant
    shop: Shop
    engines: Scripted

    async def says(self, text: str, chat: str = "c1") -> Turn:
        return await self.plant.turn(await self.plant.says(text, chat))

    async def asks_to_book(self, **party: Any) -> Turn:
        self.engines.script += [[replace(BOOK, arguments={**PARTY, **party})]]
        return await self.says(WISH)

    async def conversation(self) -> Conversation:
        [found] = await self.plant.rows(Conversation)
        return cast("Conversation", found)


@asynccontextmanager
async def shopping(
    floor: Floor,
    tmp_path: Path,
    engines: PaperEngines,
    kind: type[Actions] = Actions,
    **policy: Any,
) -> AsyncIterator[tuple[Plant, Shop]]:
    """A working plant whose tenant has the shop's actions."""
    async with open_shop() as shop, guarded_client({shop.place}) as client, planted(floor, tmp_path, **policy) as plant:
        vault = Vault.generate()
        await keep_actions(plant, vault, shop)
        actions = kind(floor.db, vault, client)
        plant.deps = replace(plant.deps, engines=cast("Engines", engines), actions=actions)
        async with plant.working():
            yield plant, shop


async def keep_actions(plant: Plant, vault: Vault, shop: Shop) -> None:
    secrets: dict[str, SecretStr | None] = {"X-Api-Key": SecretStr(KEY)}
    look = {"name": "order_status", "url": f"{shop.url}/orders/{{number}}", "parameters": ORDER}
    book = {"name": "book_table", "method": "POST", "url": f"{shop.url}/bookings", "parameters": BOOKING}
    drafts = [
        ActionDraft(description="Look up an order.", secrets=secrets, **look),
        ActionDraft(description="احجز طاولة", secrets=secrets, changes=True, **book),
    ]
    async with plant.floor.db.tenant(plant.tenant.id) as session:
        for draft in drafts:
            await save(session, vault, draft, allow={shop.place})
