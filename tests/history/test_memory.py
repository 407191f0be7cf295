"""What the bot remembers: a window of messages, a summary before it, a fresh start after silence, facts by consent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core_pipeline.contracts.engines import Exchange
from core_pipeline.history import memory
from tenants.models import Contact, Conversation, Direction
from tests.conftest import Floor
from tests.factories import make_account, make_conversation, make_message, make_tenant


async def talk(floor: Floor, texts: list[str], *, apart: float = 1.0, turn: str = "t") -> Conversation:
    """A conversation in which customer and bot took turns, `apart` seconds between messages, the last one just now."""
    tenant = await make_tenant(floor.db)
    conversation = await make_conversation(floor.db, await make_account(floor.db, tenant))
    for place, text in enumerate(texts):
        at = datetime.now(UTC) - timedelta(seconds=apart * (len(texts) - 1 - place))
        direction = Direction.OUT if place % 2 else Direction.IN
        await make_message(
            floor.db, conversation, text=text, direction=direction, created_at=at, turn_id=f"{turn}{place // 2}"
        )
    return conversation


async def test_the_window_holds_the_last_messages_without_this_turns(database: Floor) -> None:
    talked = await talk(database, [f"m{number}" for number in range(9)])
    async with database.db.tenant(talked.tenant_id, reads=True) as session:
        recalled = await memory.recall(session, talked.id, "t4", 4)
    assert [one.text for one in recalled.history] == ["m4", "m5", "m6", "m7"]
    assert [one.speaker for one in recalled.history] == ["customer", "bot"] * 2


async def test_silence_begins_the_memory_anew_and_only_once(database: Floor) -> None:
    talked = await talk(database, ["q", "a", "next"], apart=4000)
    async with database.db.tenant(talked.tenant_id) as session:
        broken = await memory.silence_broken(session, talked.id, "t1", 3600)
        assert broken is not None
        await memory.forget(session, talked.id, broken)
    async with database.db.tenant(talked.tenant_id, reads=True) as session:
        assert (await memory.recall(session, talked.id, "t1", 20)).history == ()
        assert await memory.silence_broken(session, talked.id, "t1", 3600) is None


@pytest.mark.parametrize(("silence", "apart"), [(3600, 3000), (60, 10)])
async def test_a_short_pause_is_no_silence(database: Floor, silence: float, apart: float) -> None:
    talked = await talk(database, ["q", "a", "next"], apart=apart)
    async with database.db.tenant(talked.tenant_id, reads=True) as session:
        assert await memory.silence_broken(session, talked.id, "t1", silence) is None


async def test_what_falls_out_is_summed_up_once(database: Floor) -> None:
    talked = await talk(database, [f"m{number}" for number in range(12)])
    async with database.db.tenant(talked.tenant_id) as session:
        over = await memory.overflow(session, talked.id, 4, 3)
        assert over is not None
        assert [one.text for one in over.messages] == [f"m{number}" for number in range(8)]
        await memory.summarised(session, talked.id, "early talk", over.until)
        assert await memory.overflow(session, talked.id, 4, 1) is None
    async with database.db.tenant(talked.tenant_id, reads=True) as session:
        recalled = await memory.recall(session, talked.id, "t5", 4)
    assert recalled.summary == "early talk"


async def test_a_summary_of_what_was_forgotten_meanwhile_is_dropped(database: Floor) -> None:
    talked = await talk(database, [f"m{number}" for number in range(12)])
    async with database.db.tenant(talked.tenant_id) as session:
        over = await memory.overflow(session, talked.id, 4, 3)
        assert over is not None
        await memory.forget(session, talked.id, over.until + 1)
        await memory.summarised(session, talked.id, "stale", over.until)
        assert (await memory.recall(session, talked.id, "t9", 4)).summary == ""


async def test_facts_are_kept_and_forgotten(database: Floor) -> None:
    talked = await talk(database, ["q"])
    async with database.db.tenant(talked.tenant_id) as session:
        await memory.remember(session, talked.id, {"name": "سارة", "shoe_size": "38"})
    async with database.db.tenant(talked.tenant_id) as session:
        assert (await memory.recall(session, talked.id, "x", 4)).facts == {"name": "سارة"}
        assert (await session.get_one(Contact, talked.contact_id)).consented_at is not None
        await memory.forget_customer(session, talked.id)
    async with database.db.tenant(talked.tenant_id, reads=True) as session:
        assert (await memory.recall(session, talked.id, "x", 4)).facts == {}
        assert (await session.get_one(Contact, talked.contact_id)).consented_at is None


def test_without_a_model_the_customers_words_are_kept_and_the_oldest_go_first() -> None:
    said = [Exchange("customer", f"question {number} " + "x" * 100) for number in range(30)]
    summary = memory.condensed("- before", [*said, Exchange("bot", "secret answer")])
    assert len(summary) <= 1200
    assert "question 29" in summary
    assert "question 0 " not in summary
    assert "secret answer" not in summary
