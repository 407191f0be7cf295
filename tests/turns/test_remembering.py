"""The bot in talk: it remembers by consent, starts over when told to, keeps quiet for a colleague, sums up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core_pipeline.contracts.phrases import READY
from tenants.models import Contact, Conversation
from tests.conftest import Floor
from tests.turns.plant import Plant, planted


@pytest.fixture
async def talk(database: Floor, tmp_path: Path) -> AsyncIterator[Plant]:
    """A running farm whose tenant answers in writing, so that answers are easy to read, and remembers two messages."""
    async with planted(database, tmp_path, reply="text", memory_messages=2, handoff_hours=12) as plant, plant.working():
        yield plant


async def said(plant: Plant, text: str) -> str:
    await plant.turn(await plant.says(text))
    return plant.texts()[-1]


async def test_a_name_is_kept_only_after_a_yes(talk: Plant) -> None:
    assert (await said(talk, "اسمي سارة، متى تفتحون؟")).endswith(READY["may_remember"]["ar"])
    assert [row.facts for row in await talk.rows(Contact)] == [{}]
    assert await said(talk, "أيوه") == READY["remembered"]["ar"]
    assert [row.facts for row in await talk.rows(Contact)] == [{"name": "سارة"}]
    assert READY["may_remember"]["ar"] not in await said(talk, "اسمي سارة")
    await said(talk, "متى تغلقون الباب؟")
    assert talk.engines.asked[-1].facts == {"name": "سارة"}


async def test_a_no_keeps_nothing(talk: Plant) -> None:
    await said(talk, "اسمي سارة")
    assert await said(talk, "لا شكرا") == READY["not_remembered"]["ar"]
    assert [row.facts for row in await talk.rows(Contact)] == [{}]


async def test_a_wish_for_a_language_is_kept_and_obeyed_until_forgotten(talk: Plant) -> None:
    await said(talk, "Please answer in Arabic")
    assert talk.engines.asked[-1].language == "ar"
    await said(talk, "When do you open?")
    assert talk.engines.asked[-1].language == "ar"
    assert await said(talk, "/forget") == READY["forgotten"]["ar"]
    await said(talk, "When do you open?")
    assert talk.engines.asked[-1].language == "en"


async def test_a_wish_for_voice_goes_before_the_tenants_choice(talk: Plant) -> None:
    turn = await talk.turn(await talk.says("reply with voice please"))
    assert turn.reply_kind == "voice"


async def test_reset_begins_anew(talk: Plant) -> None:
    await said(talk, "سؤال أول")
    assert await said(talk, "/reset") == READY["reset"]["ar"]
    await said(talk, "سؤال ثان")
    assert [one.text for one in talk.engines.asked[-1].history] == [READY["reset"]["ar"]]


async def test_a_long_talk_is_summed_up(talk: Plant) -> None:
    for number in range(7):
        await said(talk, f"السؤال رقم {number}")
    await said(talk, "والآن؟")
    assert "السؤال رقم 0" in talk.engines.asked[-1].summary
    assert len(talk.engines.asked[-1].history) == 2


async def test_while_a_colleague_has_it_the_bot_keeps_quiet(talk: Plant) -> None:
    await said(talk, "سؤال")
    before = len(talk.channel.sent)
    [conversation] = await talk.rows(Conversation)
    async with talk.floor.db.tenant(talk.tenant.id) as session:
        (await session.get_one(Conversation, conversation.id)).handed_at = datetime.now(UTC)
    turn = await talk.turn(await talk.says("هل من أحد؟"))
    assert (turn.state, turn.note, len(talk.channel.sent)) == ("answered", "handed-over", before)
