"""What turns tell: each thing that happens, once, with what the tenant's system needs to know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core_pipeline.contracts.messages import Status
from core_pipeline.notices import EVENTS, happenings, subscribe
from errors import NeedsOwner, Retryable
from tenants.models import Call, Notice, now
from tenants.vault import Vault
from tests.conftest import Floor
from tests.factories import make_account, make_conversation, make_tenant
from tests.turns.plant import Plant, planted

URL = "https://shop.example/hook"


async def listen(floor: Floor, tenant_id: str) -> None:
    async with floor.db.tenant(tenant_id) as session:
        await subscribe(session, Vault.generate(), URL, EVENTS)


async def told(plant: Plant, event: str) -> list[dict[str, Any]]:
    rows: list[Notice] = await plant.rows(Notice, event=event)
    return [row.payload for row in sorted(rows, key=lambda row: row.created_at)]


async def test_a_message_its_answer_and_the_turn_are_told_once(database: Floor, tmp_path: Path) -> None:
    async with planted(database, tmp_path) as plant:
        await listen(database, plant.tenant.id)
        async with plant.working():
            turn = await plant.turn(await plant.says("كم السعر؟"))
            [received], [sent], [answered] = [
                await told(plant, event) for event in ("message.received", "message.sent", "turn.answered")
            ]
    where = {"conversation": turn.conversation_id, "channel": "paper", "account": plant.account.id}
    assert where.items() <= received.items()
    assert (received["direction"], received["kind"], received["text"]) == ("in", "text", "كم السعر؟")
    assert received["customer"]["chat"] == "c1"
    assert where.items() <= sent.items()
    assert (sent["direction"], sent["turn"]) == ("out", turn.id)
    assert where.items() <= answered.items()
    assert (answered["turn"], answered["heard"], answered["answer"]) == (turn.id, "كم السعر؟", "[كم السعر؟]")


async def test_a_dead_turn_is_told_with_its_cause(sqlite_database: Floor, tmp_path: Path) -> None:
    async with planted(sqlite_database, tmp_path) as plant:
        await listen(sqlite_database, plant.tenant.id)
        plant.channel.trouble = lambda _: NeedsOwner("paper-token", "enter it again")
        async with plant.working():
            turn = await plant.turn(await plant.says("كم السعر؟"))
        [dead] = await told(plant, "turn.dead")
        assert (dead["turn"], dead["state"]) == (turn.id, "dead")
        assert dead["cause"].startswith("paper-token")
        assert await told(plant, "message.sent") == []


async def test_a_send_that_only_a_receipt_settles_is_told(sqlite_database: Floor, tmp_path: Path) -> None:
    async with planted(sqlite_database, tmp_path, reply="text") as plant:
        await listen(sqlite_database, plant.tenant.id)
        lost = [Retryable("paper-slow", landed=True)]
        plant.channel.trouble = lambda _: lost.pop() if lost else None
        async with plant.working():
            turn_id = await plant.says("كم السعر؟")
            key = await _key(plant)
            for status in (Status.SENT, Status.DELIVERED):
                await plant.receipt("out-9", status, key)
            await plant.turn(turn_id)
        assert len(plant.channel.sent) == 1
        assert [one["turn"] for one in await told(plant, "message.sent")] == [turn_id]


async def _key(plant: Plant) -> str:
    while not plant.channel.sent:
        await plant.inbox.wait(0.05)
    return plant.channel.sent[0].key


async def test_a_handover_is_told_once_however_much_the_customer_goes_on(
    sqlite_database: Floor, tmp_path: Path
) -> None:
    async with planted(sqlite_database, tmp_path) as plant:
        await listen(sqlite_database, plant.tenant.id)
        async with plant.working():
            for text in ("عايز أكلم موظف", "ألو؟", "فينكم؟"):
                await plant.turn(await plant.says(text))
        [handed] = await told(plant, "handoff.requested")
        assert (handed["language"], handed["channel"]) == ("ar", "paper")
        assert handed["since"]


async def test_calls_are_told_as_they_stand(database: Floor) -> None:
    tenant = await make_tenant(database.db)
    conversation = await make_conversation(database.db, await make_account(database.db, tenant, channel="phone"))
    await listen(database, tenant.id)
    async with database.db.tenant(tenant.id) as session:
        call = Call(
            tenant_id=tenant.id,
            conversation_id=conversation.id,
            account_id=conversation.account_id,
            provider_id="CA1",
            state="running",
            answered_at=now(),
        )
        session.add(call)
        await session.flush()
        for _ in range(2):
            await happenings.call(session, "call.started", call.id)
        call.state, call.reason, call.ended_at = "ended", "goodbye", now()
        await happenings.call(session, "call.ended", call.id)
    async with database.db.platform(reads=True) as session:
        started, ended = [one.payload for one in await _all(session)]
    assert (started["state"], started["ended_at"], started["channel"]) == ("running", None, "phone")
    assert (ended["call"], ended["state"], ended["reason"]) == (call.id, "ended", "goodbye")
    assert ended["ended_at"] > ended["answered_at"]


async def _all(session: AsyncSession) -> list[Notice]:
    return list((await session.scalars(select(Notice).order_by(col(Notice.created_at)))).all())
