"""A call that was missed or broke off, once it has become a message."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core_pipeline.contracts.messages import Identity, Inbound, Kind, Sender
from core_pipeline.contracts.phrases import READY
from tenants.models import Call
from tests.conftest import Floor
from tests.factories import make_conversation
from tests.turns.plant import Plant, planted


@pytest.fixture
async def plant(sqlite_database: Floor, tmp_path: Path) -> AsyncIterator[Plant]:
    async with planted(sqlite_database, tmp_path) as ready:
        yield ready


async def test_the_question_that_broke_off_is_answered_aloud(plant: Plant) -> None:
    async with plant.working():
        turn = await plant.turn(await plant.says("متى تفتحون", kind=Kind.CALL))
    words = READY["call_broke_off"]["ar"]
    assert (turn.heard, turn.reply_kind) == ("متى تفتحون", "voice")
    assert turn.answer is not None
    assert turn.answer.startswith(f"{words} ")
    assert plant.channel.sent[0].text == turn.answer


async def test_who_was_not_asking_anything_is_told_what_happened(plant: Plant) -> None:
    async with plant.working():
        broken = await plant.turn(await plant.says(None, kind=Kind.CALL))
        missed = await plant.turn(await plant.says(None, kind=Kind.MISSED_CALL, chat="c2"))
    assert (broken.answer, broken.reply_kind) == (READY["call_broke_off"]["ar"], "voice")
    assert (missed.answer, missed.reply_kind) == (READY["call_missed"]["ar"], "voice")


async def test_who_called_is_told_the_number_in_writing(plant: Plant) -> None:
    plant.channel.limits = replace(plant.channel.limits, dials="+{account}")
    contact = await make_conversation(plant.floor.db, plant.account)
    given: dict[str, Any] = {
        "tenant_id": plant.tenant.id,
        "conversation_id": contact.id,
        "account_id": plant.account.id,
    }
    async with plant.floor.db.platform() as session:
        session.add(Call(id="c1", provider_id="CA1", state="dropped", **given))
    inbound = Inbound(
        account=plant.account.external_id,
        provider_id="call:c1",
        chat="c9",
        sender=Sender(identities=(Identity(kind="paper", value="c9"),)),
        sent_at=datetime.now(UTC),
        kind=Kind.CALL,
        address={"to": "c9"},
    )
    async with plant.working():
        await plant.put("call:c1", inbound.model_dump_json())
        turn = await plant.turn(f"{plant.account.id}:call:c1")
    assert turn.answer == READY["call_broke_off"]["ar"]
    assert plant.texts()[1:] == [f"{READY['call_again']['ar']} +{plant.account.external_id}"]
