"""When an answer is a film, what it holds, and what becomes of it when it can't be had."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core_pipeline.contracts.channel import VideoFormat
from core_pipeline.contracts.engines import Pcm, Saying, Speech
from core_pipeline.contracts.messages import Kind, ReplyKind
from core_pipeline.media.film.facts import facts
from errors import Impossible, NeedsOwner, Retryable
from tenants.models import Direction, Film, Message, Tenant, Turn
from tests.conftest import Floor
from tests.turns.paper import PaperEngines
from tests.turns.plant import Plant, planted

LADDER = (ReplyKind.VIDEO, ReplyKind.VOICE, ReplyKind.TEXT)
SQUARE = VideoFormat("square", 64, 64, longest=10.0, most=1 << 20)
NOTE = VideoFormat("note", 48, 48, longest=5.0, most=1 << 20)
SENTENCES = "نفتح الساعة العاشرة صباحا. نغلق عند منتصف الليل. التوصيل متاح لكل المدينة."


class Loud(PaperEngines):
    """Speaks each tenant's words with a sound of their own."""

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        self._maybe("tts")
        yield Speech(Pcm(bytes([0, len(saying.text) % 100]) * 8000, 16_000))


@asynccontextmanager
async def filming(floor: Floor, folder: Path, **policy: Any) -> AsyncIterator[Plant]:
    async with planted(floor, folder, **{"video": "always", **policy}) as plant:
        plant.channel.limits = replace(plant.channel.limits, degrade=LADDER, videos=(SQUARE, NOTE))
        plant.engines.__class__ = Loud
        async with plant.working():
            yield plant


def kinds(plant: Plant) -> list[str]:
    return [reply.kind.value for reply in plant.channel.sent]


async def test_an_answer_is_a_film_with_its_sound(database: Floor, tmp_path: Path) -> None:
    async with filming(database, tmp_path) as plant:
        turn = await plant.turn(await plant.says("سؤال"))
        assert (turn.state, turn.reply_kind, turn.note) == ("answered", "video", None)
        [reply] = plant.channel.sent
        assert (reply.width, reply.height, reply.view, reply.mime) == (64, 64, "square", "video/mp4")
        assert reply.poster is not None
        assert reply.poster.startswith(b"\xff\xd8")
        film = facts(reply.data or b"")
        assert (film.width, film.height, film.fps, film.faststart) == (64, 64, 25, True)
        assert film.seconds == pytest.approx(reply.seconds or 0, abs=0.05)
        assert ReplyKind.VIDEO in plant.channel.busy_calls


async def test_sentences_are_drawn_one_after_the_other_and_move_as_one(database: Floor, tmp_path: Path) -> None:
    async with filming(database, tmp_path) as plant:
        await plant.turn(await plant.says(SENTENCES))
        scenes = plant.engines.scenes
        assert len(scenes) == 3
        assert [scene.first for scene in scenes] == [0, scenes[0].frames, scenes[0].frames + scenes[1].frames]
        assert len({scene.seed for scene in scenes}) == 1
        assert all(len(scene.speech.data) / 2 / 640 == scene.frames for scene in scenes)


@pytest.mark.parametrize(
    ("video", "asked", "expected"),
    [
        ("never", "أرسل فيديو. متى تفتحون؟", ["voice", "voice"]),
        ("request", "متى تفتحون؟ أرسل لي فيديو", ["voice", "video"]),
        ("first", "متى تفتحون؟", ["video", "voice"]),
        ("always", "متى تفتحون؟", ["video", "video"]),
    ],
)
async def test_when_a_tenant_sends_films(
    database: Floor, tmp_path: Path, video: str, asked: str, expected: list[str]
) -> None:
    async with filming(database, tmp_path, video=video) as plant:
        await plant.turn(await plant.says("مرحبا بكم جميعا"))
        await plant.turn(await plant.says(asked))
        assert kinds(plant) == expected


async def test_who_only_asks_for_a_film_gets_the_last_answer_as_one(database: Floor, tmp_path: Path) -> None:
    async with filming(database, tmp_path, video="request") as plant:
        first = await plant.turn(await plant.says("متى تفتحون"))
        again = await plant.turn(await plant.says("ابعتلي فيديو لو سمحت"))
        assert (again.answer, again.reply_kind) == (first.answer, "video")


@pytest.mark.parametrize("error", [Retryable("gone", "the renderer died"), NeedsOwner("no-weights"), Impossible("no")])
async def test_a_film_that_fails_becomes_a_voice_note(database: Floor, tmp_path: Path, error: Exception) -> None:
    async with filming(database, tmp_path) as plant:
        plant.engines.fail["video"] = [error] * 4
        turn = await plant.turn(await plant.says("سؤال"))
        assert (turn.state, turn.reply_kind) == ("answered", "voice")
        assert turn.note is not None
        assert turn.note.startswith("video failed")
        assert kinds(plant) == ["voice"]


async def test_a_renderer_that_dies_once_costs_nothing(database: Floor, tmp_path: Path) -> None:
    async with filming(database, tmp_path) as plant:
        plant.engines.fail["video"] = [Retryable("gone", "the renderer died")]
        turn = await plant.turn(await plant.says("سؤال"))
        assert (turn.reply_kind, turn.note) == ("video", None)


async def test_a_network_that_refuses_the_film_gets_a_voice_note(database: Floor, tmp_path: Path) -> None:
    async with filming(database, tmp_path) as plant:
        plant.channel.trouble = lambda reply: Impossible("forbidden") if reply.kind is ReplyKind.VIDEO else None
        turn = await plant.turn(await plant.says("سؤال"))
        assert turn.reply_kind == "voice"
        assert "video refused" in (turn.note or "")


async def test_the_customer_is_told_when_it_takes_a_while_and_the_turn_how_far_it_is(
    database: Floor, tmp_path: Path
) -> None:
    async with filming(database, tmp_path) as plant:
        object.__setattr__(plant.deps, "soon_seconds", 0.3)
        plant.engines.drawing.clear()
        turn_id = await plant.says("سؤال")
        async with asyncio.timeout(10):
            while not plant.channel.sent:
                await asyncio.sleep(0.02)
        assert plant.channel.sent[0].kind is ReplyKind.TEXT
        [turn] = await plant.rows(Turn)
        assert turn.progress == 0
        plant.engines.drawing.set()
        assert (await plant.turn(turn_id)).reply_kind == "video"
        assert kinds(plant) == ["text", "video"]


async def test_the_words_go_along_where_there_is_room_and_are_kept_in_any_case(database: Floor, tmp_path: Path) -> None:
    async with filming(database, tmp_path) as plant:
        bare = await plant.turn(await plant.says("سؤال"))
        roomy = replace(SQUARE, caption_chars=100)
        plant.channel.limits = replace(plant.channel.limits, videos=(roomy,))
        full = await plant.turn(await plant.says("سؤال آخر"))
        assert [reply.text for reply in plant.channel.sent] == [None, full.answer]
        kept = [row.text for row in await plant.rows(Message, direction=Direction.OUT)]
        assert kept == [bare.answer, full.answer]


async def test_what_does_not_fit_follows_in_writing(database: Floor, tmp_path: Path) -> None:
    async with filming(database, tmp_path) as plant:
        way = replace(SQUARE, longest=1.2)
        plant.channel.limits = replace(plant.channel.limits, videos=(way,), text_chars=500)
        turn = await plant.turn(await plant.says(SENTENCES))
        assert kinds(plant) == ["video", "text"]
        assert turn.reply_kind == "video"
        assert plant.channel.sent[1].text == "التوصيل متاح لكل المدينة.]"
        assert facts(plant.channel.sent[0].data or b"").seconds < 1.2


async def test_a_tenant_may_want_long_answers_as_a_voice_note(database: Floor, tmp_path: Path) -> None:
    async with filming(database, tmp_path, video_long="voice") as plant:
        plant.channel.limits = replace(plant.channel.limits, videos=(replace(SQUARE, longest=1.2),))
        turn = await plant.turn(await plant.says(SENTENCES))
        assert kinds(plant) == ["voice"]
        assert "film-too-long" in (turn.note or "")


async def test_long_queues_and_used_up_minutes_become_voice_notes(database: Floor, tmp_path: Path) -> None:
    async with filming(database, tmp_path, video_minutes=0.005) as plant:
        plant.engines.queue = 500.0
        waiting = await plant.turn(await plant.says("سؤال"))
        assert (waiting.reply_kind, "video-queue" in (waiting.note or "")) == ("voice", True)
        plant.engines.queue = 0.0
        assert (await plant.turn(await plant.says("سؤال آخر"))).reply_kind == "video"
        used_up = await plant.turn(await plant.says("سؤال ثالث"))
        assert (used_up.reply_kind, "video-quota" in (used_up.note or "")) == ("voice", True)


async def test_the_greeting_is_drawn_once_for_all(database: Floor, tmp_path: Path) -> None:
    async with filming(database, tmp_path) as plant:
        for chat in ("a", "b", "c"):
            turn = await plant.turn(await plant.says("/start", chat, Kind.OPENED))
            assert turn.reply_kind == "video"
        assert len({id(scene.speech) for scene in plant.engines.scenes}) == 1 or len(plant.engines.scenes) <= 2
        assert len({reply.data for reply in plant.channel.sent}) == 1
        assert len([film for film in await plant.rows(Film) if film.key]) == 1


async def test_another_look_is_another_film(database: Floor, tmp_path: Path) -> None:
    async with filming(database, tmp_path) as plant:
        await plant.turn(await plant.says("/start", "a", Kind.OPENED))
        drawn = len(plant.engines.scenes)
        async with plant.floor.db.tenant(plant.tenant.id) as session:
            tenant = await session.get_one(Tenant, plant.tenant.id)
            tenant.policy = {**tenant.policy, "avatar_colours": {"clothes": "#aa2244"}}
        await plant.turn(await plant.says("/start", "b", Kind.OPENED))
        assert len(plant.engines.scenes) == 2 * drawn
        assert plant.engines.scenes[-1].face.colours == {"clothes": "#aa2244"}


async def test_the_view_and_the_size_are_the_tenants(database: Floor, tmp_path: Path) -> None:
    async with filming(database, tmp_path, video_view="note") as plant:
        await plant.turn(await plant.says("سؤال"))
        assert (plant.channel.sent[0].view, plant.channel.sent[0].width) == ("note", 48)
    async with filming(database, tmp_path / "hd", video_hd=True, captions=True) as plant:
        await plant.turn(await plant.says("سؤال"))
        assert (plant.channel.sent[0].view, plant.channel.sent[0].width) == ("square", 1080)


async def test_two_customers_at_once_share_no_picture_and_no_sample(database: Floor, tmp_path: Path) -> None:
    async with filming(database, tmp_path) as plant:
        ids = [await plant.says("س" * (5 * n + 12), f"c{n}") for n in range(4)]
        turns = [await plant.turn(one) for one in ids]
        assert {turn.reply_kind for turn in turns} == {"video"}
        by_chat = {reply.address["to"]: reply for reply in plant.channel.sent}
        assert len({reply.data for reply in by_chat.values()}) == 4
        loud = {scene.speech.data[1]: set(scene.speech.data[1:16000:2]) for scene in plant.engines.scenes}
        assert len(loud) == 4
        assert all(sounds == {own} for own, sounds in loud.items())


async def test_a_crash_in_the_middle_draws_it_anew_and_sends_it_once(database: Floor, tmp_path: Path) -> None:
    async with planted(database, tmp_path, video="always") as plant:
        plant.channel.limits = replace(plant.channel.limits, degrade=LADDER, videos=(SQUARE,))
        plant.engines.drawing.clear()
        async with plant.working():
            turn_id = await plant.says("سؤال")
            async with asyncio.timeout(10):
                while not plant.engines.scenes:
                    await asyncio.sleep(0.02)
        plant.engines.drawing.set()
        async with plant.working():
            assert (await plant.turn(turn_id)).reply_kind == "video"
        assert kinds(plant) == ["video"]
        assert datetime.now(UTC) > (await plant.rows(Turn))[0].started_at
