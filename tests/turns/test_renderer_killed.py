"""A turn whose renderer is killed in the middle of drawing goes on, and its customer gets the film once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx

from core_pipeline.contracts.channel import VideoFormat
from core_pipeline.contracts.engines import Pcm, Saying, Speech
from core_pipeline.contracts.messages import ReplyKind
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.residency import Residency
from core_pipeline.engines.router import Engines
from core_pipeline.media.film.facts import facts
from tests.conftest import Floor
from tests.turns.paper import PaperEngines
from tests.turns.plant import planted

SECONDS = 20


class LongWinded(PaperEngines):
    """Says everything in twenty seconds."""

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        yield Speech(Pcm(bytes(range(256)) * (125 * SECONDS), 16_000))


async def test_the_turn_goes_on_when_the_renderer_is_killed(sqlite_database: Floor, tmp_path: Path) -> None:
    async with (
        httpx.AsyncClient() as http,
        Residency(2 << 30, tmp_path) as residency,
        planted(sqlite_database, tmp_path, video="always") as plant,
    ):
        engines = Engines({"video": "illustrated"}, Bench(tmp_path, http), residency=residency)
        plant.engines.__class__ = LongWinded
        plant.engines.video = engines.video  # type: ignore[method-assign,assignment]  # a real renderer for paper words
        way = VideoFormat("square", 256, 256, longest=60.0, most=8 << 20)
        plant.channel.limits = replace(plant.channel.limits, degrade=tuple(ReplyKind), videos=(way,))
        async with plant.working():
            turn_id = await plant.says("سؤال")
            async with asyncio.timeout(30):
                while not any(one.busy for one in residency.figures()):
                    await asyncio.sleep(0.02)
            os.kill(residency.figures()[0].pid, signal.SIGKILL)
            turn = await plant.turn(turn_id, timeout=60.0)
        assert (turn.state, turn.reply_kind) == ("answered", "video")
        assert residency.figures()[0].crashes == 1
        films = [reply for reply in plant.channel.sent if reply.kind is ReplyKind.VIDEO]
        assert [facts(film.data or b"").frames for film in films] == [25 * SECONDS]
        await engines.close()
