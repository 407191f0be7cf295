"""A tenant, their receiver and a courier between them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from core_pipeline.guard import guarded_client
from core_pipeline.notices import Courier, notify, subscribe
from tenants.models import Notice, Tenant, now
from tenants.vault import Vault
from tests.conftest import Floor
from tests.factories import make_tenant
from tests.notices.receiver import Receiver, receiving

VAULT = Vault.generate()


@dataclass
class Office:
    """A tenant, their receiver and a courier between them."""

    floor: Floor
    tenant: Tenant
    receiver: Receiver
    courier: Courier
    secret: str
    subscription_id: str

    async def tell(self, *keys: str, event: str = "turn.answered", **payload: Any) -> None:
        for key in keys:
            async with self.floor.db.tenant(self.tenant.id) as session:
                await notify(session, event, key, {"turn": key, **payload})

    async def notices(self) -> list[Notice]:
        async with self.floor.db.platform(reads=True) as session:
            return list((await session.scalars(select(Notice).order_by(col(Notice.created_at)))).all())

    async def hurry(self) -> None:
        """Let all pauses be over, and the receiver have had its rest."""
        self.courier._rests.clear()
        async with self.floor.db.platform() as session:
            await session.execute(update(Notice).values(next_at=now() - timedelta(seconds=1)))


@asynccontextmanager
async def office(floor: Floor) -> AsyncIterator[Office]:
    tenant = await make_tenant(floor.db)
    async with receiving() as receiver, guarded_client({receiver.place}) as client:
        async with floor.db.tenant(tenant.id) as session:
            made = await subscribe(session, VAULT, receiver.url, ["turn.answered", "turn.dead"], allow={receiver.place})
        courier = Courier(floor.db, VAULT, client, poll=0.02)
        yield Office(floor, tenant, receiver, courier, made.secret.get_secret_value(), made.id)
