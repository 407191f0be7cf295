"""A front door on a real database, with the emulators' accounts connected."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from starlette.applications import Starlette

from channels import discover
from tenants.accounts import AccountBook
from tenants.inbox import Inbox, Waiting
from tenants.models import Tenant
from tenants.vault import Vault
from tests.conftest import Floor
from tests.factories import make_tenant
from webhooks.lines import OpenLines
from webhooks.receive import FrontDoor
from webhooks.simulate import connect_demo

BODY_LIMIT = 4 * 1024 * 1024


@dataclass
class Door:
    """A front door that a test may knock at."""

    floor: Floor
    tenant: Tenant
    book: AccountBook
    front: FrontDoor
    inbox: Inbox
    http: httpx.AsyncClient
    accounts: dict[str, str]

    async def stored(self) -> list[Waiting]:
        return await self.inbox.pending(5000)


@pytest.fixture
async def door(database: Floor) -> AsyncIterator[Door]:
    book = AccountBook(database.db, Vault.from_text("k:" + "A" * 43 + "="))
    tenant = await make_tenant(database.db)
    specs = discover()
    accounts = {name: await connect_demo(book, spec, tenant.id) for name, spec in specs.items()}
    async with httpx.AsyncClient() as vendor, Inbox(database.inbox_url) as inbox:
        lines = OpenLines(book, vendor, lambda name: specs[name].demo.platform)
        front = FrontDoor(lines, book, inbox, BODY_LIMIT)
        transport = httpx.ASGITransport(Starlette(routes=front.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://sawtak") as http:
            yield Door(database, tenant, book, front, inbox, http, accounts)
        await lines.close()
