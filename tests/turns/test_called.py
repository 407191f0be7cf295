"""A call that was missed or broke off, once it has become a message."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core_pipeline.contracts.messages import Kind
from core_pipeline.contracts.phrases import READY
from tests.conftest import Floor
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
