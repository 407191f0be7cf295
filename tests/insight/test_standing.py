"""How the installation stands, over all tenants."""

from __future__ import annotations

from datetime import timedelta

from core_pipeline.insight.standing import shares, standing, troubles
from tenants.models import Direction, Document, DocumentState, Turn, TurnStage, TurnState, now
from tests.conftest import Floor
from tests.factories import make_account, make_conversation, make_message, make_tenant

HOUR = timedelta(hours=1)


async def test_what_waits_what_failed_and_what_it_costs(database: Floor) -> None:
    at = now()
    dear, cheap = await make_tenant(database.db), await make_tenant(database.db)
    account = await make_account(database.db, dear, channel="whatsapp", external_id="1")
    talk = await make_conversation(database.db, account)
    for error in ("131047", "131047", None):
        await make_message(database.db, talk, direction=Direction.OUT, error=error, status="failed")
    async with database.db.platform() as session:
        for name, state in (("r", TurnState.RUNNING), ("d", TurnState.DEAD), ("a", TurnState.ANSWERED)):
            kind = "voice" if state is TurnState.ANSWERED else None
            session.add(Turn(id=name, tenant_id=dear.id, conversation_id=talk.id, state=state, reply_kind=kind))
        session.add(Document(tenant_id=cheap.id, title="t", mime="m", sha256="1", state=DocumentState.FAILED))
        session.add(Document(tenant_id=cheap.id, title="t", mime="m", sha256="2"))
        await session.flush()
        session.add(TurnStage(tenant_id=dear.id, turn_id="a", name="speak", cost=5))
    async with database.db.platform(reads=True) as session:
        now_so = await standing(session)
        [trouble] = await troubles(session, at - HOUR)
        first, second = await shares(session, at - HOUR, at + HOUR, [dear.id, cheap.id])
        assert await troubles(session, at + HOUR) == []
    assert (now_so.running, now_so.dead, now_so.documents, now_so.failed_documents) == (1, 1, 1, 1)
    assert now_so.oldest is not None
    assert abs(now_so.oldest - at) < HOUR
    assert (trouble.tenant, trouble.account, trouble.error, trouble.times) == (dear.slug, "1", "131047", 2)
    assert (first.tenant.id, first.messages, first.answers, first.cost) == (dear.id, 3, 1, 5)
    assert (second.tenant.id, second.messages, second.cost) == (cheap.id, 0, 0)
