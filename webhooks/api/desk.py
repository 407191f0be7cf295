"""What the routes of the API share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from core_pipeline.contracts.messages import Identity, Sender
from core_pipeline.engines.router import For
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.history import turns
from core_pipeline.history.threads import Arriving, thread
from tenants.models import Tenant, TurnState, new_id
from tenants.policy import Policy
from webhooks.api.repeats import repeat_key
from webhooks.api.schemas import Bill

if TYPE_CHECKING:
    from tenants.idempotency import Made, Repeats
    from webhooks.api.access import Access, Caller
    from webhooks.api.accounts import OwnAccounts
    from webhooks.api.jobs import Asked, Jobs
    from webhooks.api.needs import Needs

KEY_IDENTITY = "api_key"


@dataclass(frozen=True)
class Desk:
    """Everything that a route may use."""

    needs: Needs
    access: Access
    accounts: OwnAccounts
    jobs: Jobs
    repeats: Repeats

    async def tenant(self, tenant_id: str) -> tuple[Tenant, Policy]:
        """The business, and how it wants its customers served."""
        async with self.needs.db.tenant(tenant_id, reads=True) as session:
            tenant = await session.get_one(Tenant, tenant_id)
        return tenant, Policy.model_validate(tenant.policy)

    async def once(self, caller: Caller, key: str | None, digest: str, work: Callable[[], Awaitable[Made]]) -> Made:
        """What `work` makes, or made when this Idempotency-Key came first; see `Repeats.once`."""
        return await self.repeats.once(caller.tenant_id, repeat_key(caller, key), digest, work)

    async def job(self, caller: Caller, key: str | None, digest: str, message: Asked) -> str:
        """Put a message into the inbox, once for each Idempotency-Key, also if we die in between; its job's id."""
        name = self.jobs.named(caller.tenant_id, repeat_key(caller, key), digest)

        async def put() -> Made:
            return {"job_id": await self.jobs.put(caller.tenant_id, replace(message, name=name))}

        return str((await self.once(caller, key, digest, put))["job_id"])

    @asynccontextmanager
    async def metered(self, caller: Caller, name: str) -> AsyncIterator[For]:
        """Let engines work for the caller and keep their bills, also of work that failed, as a turn without words."""
        order = For(Ledger(), caller.tenant_id)
        try:
            yield order
        finally:
            await self._keep(caller, name, order.ledger)

    async def _keep(self, caller: Caller, name: str, ledger: Ledger) -> None:
        if not ledger.bills:
            return
        account = await self.accounts.of(caller.tenant_id)
        sender = Sender(identities=(Identity(kind=KEY_IDENTITY, value=caller.id),))
        arriving = Arriving(account.id, sender, f"stages:{caller.id}", {"visitor": caller.id})
        stages = [turns.Stage(b.stage, b.ms, b.engine, b.units, b.unit, b.cost) for b in ledger.bills]
        turn_id = f"{account.id}:{name}-{new_id()}"
        async with self.needs.db.tenant(caller.tenant_id) as session:
            conversation = await thread(session, arriving)
            await turns.begin(session, turn_id, conversation.id)
            await session.flush()
            await turns.write_stages(session, turn_id, stages)
            await turns.close(session, turn_id, TurnState.ANSWERED, None, f"stage-{name}", None, None)


def bills(order: For) -> list[Bill]:
    """What was taken so far."""
    return [Bill.model_validate(asdict(one)) for one in order.ledger.bills]
