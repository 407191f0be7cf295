"""A plant of paper with a reception desk and two colleagues at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from core_pipeline.desk.reading import Entry, Side, thread
from core_pipeline.desk.reception import Draft, Reception
from tenants.audit import Actor
from tenants.models import Conversation, Message
from tests.conftest import Floor
from tests.turns.plant import Plant, planted

MONA, OMAR = Actor("Mona", "mona"), Actor("Omar", "omar")
Found = TypeVar("Found")


@dataclass
class Counter:
    """The desk, and the plant behind it."""

    plant: Plant
    desk: Reception

    @property
    def tenant_id(self) -> str:
        return self.plant.tenant.id

    async def conversation(self, chat: str = "c1") -> Conversation:
        """The conversation of this chat."""
        [one] = await self.plant.rows(Conversation, chat=chat)
        assert isinstance(one, Conversation)
        return one

    async def asked(self, text: str, chat: str = "c1") -> Conversation:
        """The conversation after a customer has asked this and was answered, or not."""
        await self.plant.turn(await self.plant.says(text, chat))
        return await self.conversation(chat)

    async def reply(self, conversation: Conversation, text: str, by: Actor = MONA, **more: Any) -> Message:
        """A colleague's reply; see `Draft`."""
        over = more.pop("over", False)
        draft = Draft(**{"nonce": f"nonce-{text}-{by.who}".encode().hex()[:60], "text": text, **more})
        return await self.desk.reply(self.tenant_id, by, conversation.id, draft, over=over)

    async def entries(self, conversation: Conversation, side: Side = Side.COLLEAGUE) -> list[Entry]:
        """What stands in the conversation on this side."""
        async with self.plant.floor.db.tenant(self.tenant_id, reads=True) as session:
            return [one for one in (await thread(session, conversation.id)).entries if one.side == side]

    async def shown(self, conversation: Conversation, *states: str) -> list[Entry]:
        """What colleagues said, once it is in these states."""

        async def there() -> list[Entry] | None:
            found = await self.entries(conversation)
            return found if sorted(one.state for one in found) == sorted(states) else None

        return await until(there)


async def until(found: Callable[[], Awaitable[Found | None]], seconds: float = 20.0) -> Found:
    """What this finds, once it finds something."""
    async with asyncio.timeout(seconds):
        while (one := await found()) is None:
            await asyncio.sleep(0.02)
    return one


@asynccontextmanager
async def opened(floor: Floor, folder: Path, **policy: Any) -> AsyncIterator[Counter]:
    """A desk over this database."""
    async with planted(floor, folder, **policy) as plant:
        yield Counter(plant, Reception(floor.db, plant.deps.blobs, plant.inbox, plant.deps.lines))
