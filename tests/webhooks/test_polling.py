"""A bot without a public address: pulled into the same inbox, acknowledged only when it is on disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from channels import discover
from core_pipeline.contracts.channel import CustomerMessage
from core_pipeline.turns.locks import lock_for
from core_pipeline.turns.works import in_background
from tenants.accounts import AccountBook
from tenants.inbox import Inbox
from tenants.vault import Vault
from tests.conftest import Floor
from tests.factories import make_tenant
from webhooks.lines import OpenLines
from webhooks.polling import Poller
from webhooks.receive import FrontDoor

POLLED = sorted(name for name, spec in discover().items() if spec.limits.polling)


@asynccontextmanager
async def polling(floor: Floor, book: AccountBook, url: str, folder: Path) -> AsyncIterator[Inbox]:
    """A poller at work, on an inbox of its own opening."""
    async with httpx.AsyncClient() as http, Inbox(floor.inbox_url) as inbox:
        lines = OpenLines(book, http, lambda _: {"api_url": url})
        front = FrontDoor(lines, book, inbox, 1 << 20)
        poller = Poller(lines, book, front, lambda name: lock_for(f"sqlite:///{folder}/turns.db", name))
        async with in_background(poller.run()):
            yield inbox
        await lines.close()


async def stored(inbox: Inbox, count: int) -> list[str]:
    async with asyncio.timeout(15):
        while len(rows := await inbox.pending(100)) < count:
            await asyncio.sleep(0.05)
    return [row.provider_id for row in rows]


@pytest.mark.parametrize("channel", POLLED)
async def test_what_is_pulled_is_stored_once_and_nothing_is_lost_between(
    sqlite_database: Floor, tmp_path: Path, channel: str
) -> None:
    spec = discover()[channel]
    book = AccountBook(sqlite_database.db, Vault.from_text("k:" + "A" * 43 + "="))
    tenant = await make_tenant(sqlite_database.db)
    config: dict[str, Any] = {**spec.demo_config, "mode": "polling"}
    await book.connect(tenant.id, channel, spec.demo.external_id, "", config, dict(spec.demo.secrets))
    async with spec.emulate(replace(spec.demo, webhook_url=None)) as emulator:
        said = [await emulator.customer_says(CustomerMessage(spec.demo_customer, text="أولا"))]
        async with polling(sqlite_database, book, emulator.url, tmp_path) as inbox:
            assert await stored(inbox, 1) == said
            said.append(await emulator.customer_says(CustomerMessage(spec.demo_customer, text="ثانيا")))
            assert await stored(inbox, 2) == said
        said.append(await emulator.customer_says(CustomerMessage(spec.demo_customer, text="والدنيا مقفولة")))
        async with polling(sqlite_database, book, emulator.url, tmp_path) as inbox:
            assert await stored(inbox, 3) == said
