"""What comes with a message by our own doors: the form of its answer, words to be said as they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core_pipeline.contracts.channel import Limits, VideoFormat
from core_pipeline.contracts.messages import Identity, Inbound, Kind, MediaRef, ReplyKind, Sender
from core_pipeline.thinking import handing
from core_pipeline.turns.ladder import form_of, wants_video
from tenants import quotas
from tenants.models import Conversation, Message
from tenants.policy import Policy
from tests.conftest import Floor
from tests.turns.paper import OGG
from tests.turns.plant import Plant, planted

LADDER = (ReplyKind.VIDEO, ReplyKind.VOICE, ReplyKind.TEXT)
SQUARE = VideoFormat("square", 64, 64, longest=10.0, most=1 << 20)


@pytest.fixture
async def plant(database: Floor, tmp_path: Path) -> AsyncIterator[Plant]:
    async with planted(database, tmp_path, video="never", reply="voice") as ready:
        ready.channel.limits = replace(ready.channel.limits, degrade=LADDER, videos=(SQUARE,), bursts=False)
        object.__setattr__(ready.deps, "link", lambda tenant, blob, mime: f"https://here/{tenant}/{blob}?{mime}")
        async with ready.working():
            yield ready


async def asks(plant: Plant, name: str, **fields: Any) -> str:
    given = {"kind": Kind.TEXT, "text": "كم السعر؟", "address": {"to": name}, **fields}
    inbound = Inbound(
        account=plant.account.external_id,
        provider_id=name,
        chat=name,
        sender=Sender(identities=(Identity(kind="paper", value=name),)),
        sent_at=datetime.now(UTC),
        **given,
    )
    await plant.put(name, inbound.model_dump_json())
    return f"{plant.account.id}:{name}"


@pytest.mark.parametrize("form", list(ReplyKind))
async def test_a_wish_goes_before_what_the_business_has_set(plant: Plant, form: ReplyKind) -> None:
    turn = await plant.turn(await asks(plant, "m1", wish=form))
    assert turn.reply_kind == form
    [reply] = plant.channel.sent
    assert reply.kind is form
    assert form in plant.channel.busy_calls


async def test_without_a_wish_the_business_decides(plant: Plant) -> None:
    assert (await plant.turn(await asks(plant, "m1"))).reply_kind == "voice"


async def test_a_wish_that_the_network_can_not_carry_is_heard(database: Floor, tmp_path: Path) -> None:
    async with planted(database, tmp_path, reply="text") as plant, plant.working():
        assert (await plant.turn(await asks(plant, "m1", wish=ReplyKind.VIDEO))).reply_kind == "voice"


def test_a_wish_for_words_wins_over_films_for_all(plant_limits: Any) -> None:
    policy = Policy(video="always")
    assert wants_video(policy, plant_limits, asked=True, first=True)
    assert not wants_video(policy, plant_limits, asked=True, first=True, wish="text")
    assert form_of(["text"], policy, plant_limits, "text") is ReplyKind.TEXT


@pytest.fixture
def plant_limits() -> Any:
    return Limits(100, OGG, 1 << 20, 1 << 20, 0.0, receipts=False, polling=False, degrade=LADDER, videos=(SQUARE,))


@pytest.mark.parametrize("form", [ReplyKind.VIDEO, ReplyKind.VOICE])
async def test_media_can_be_fetched_where_the_reply_says(plant: Plant, form: ReplyKind) -> None:
    turn = await plant.turn(await asks(plant, "m1", wish=form))
    [reply] = plant.channel.sent
    [sent] = await plant.rows(Message, turn_id=turn.id, direction="out")
    assert reply.url == f"https://here/{plant.tenant.id}/{sent.blob}?{reply.mime}"


async def test_a_script_is_said_word_for_word_in_the_language_and_by_the_face_that_are_named(plant: Plant) -> None:
    address = {"to": "s1", "language": "en", "avatar": "omar"}
    wanted = {"kind": Kind.SCRIPT, "text": "متى تفتحون؟", "wish": ReplyKind.VIDEO, "address": address}
    turn = await plant.turn(await asks(plant, "s1", **wanted))
    assert (turn.answer, turn.language, turn.reply_kind, turn.heard) == ("متى تفتحون؟", "en", "video", None)
    assert plant.engines.asked == []
    assert {scene.face.id for scene in plant.engines.scenes} == {"omar"}
    assert {scene.language for scene in plant.engines.scenes} == {"en"}


async def test_a_script_with_a_recording_is_said_by_it(plant: Plant) -> None:
    sound = bytes([0, 7]) * 16_000
    blob = await plant.deps.blobs.put(plant.tenant.id, "spoken", sound)
    media = MediaRef(id="s1", blob=blob)
    turn = await plant.turn(
        await asks(plant, "s1", kind=Kind.SCRIPT, text="نفتح في العاشرة.", media=media, wish=ReplyKind.VIDEO)
    )
    assert turn.reply_kind == "video"
    [scene] = plant.engines.scenes
    assert scene.speech.data[: len(sound)] == sound


async def test_a_recording_that_can_not_be_read_becomes_a_spoken_script(plant: Plant) -> None:
    media = MediaRef(id="s1", blob=f"{plant.tenant.id}/spoken/gone")
    turn = await plant.turn(
        await asks(plant, "s1", kind=Kind.SCRIPT, text="نفتح في العاشرة.", media=media, wish=ReplyKind.VIDEO)
    )
    assert turn.reply_kind == "voice"
    assert "blob-missing" in (turn.note or "")


async def test_a_used_up_month_hands_customers_to_people(plant: Plant) -> None:
    first = await plant.turn(await asks(plant, "q1", text="متى تفتحون؟"))
    async with plant.floor.db.platform() as session:
        await quotas.allow(session, plant.tenant.id, 1, stop=True)
    asked = len(plant.engines.asked)
    second = await plant.turn(await asks(plant, "q2", text="كم سعر الطبق؟"))
    assert first.note != handing.QUOTA
    assert (second.note, second.state) == (handing.QUOTA, "answered")
    assert len(plant.engines.asked) == asked
    [conversation] = await plant.rows(Conversation, chat="q2")
    assert conversation.handed_at is not None
