"""A customer of the demo business is answered with a talking video, drawn by the embedded engine, on both networks."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from core_pipeline.media.film.facts import facts
from settings import Settings
from tenants.schema import migrate
from tests.e2e.test_cli import Command
from tests.e2e.test_engines_cli import seeded


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Command:
    folder = tmp_path_factory.mktemp("films")
    settings = Settings(var=folder / "var", _env_file=None)
    settings.var.mkdir()
    migrate(settings.main_url, settings.inbox_url)
    asyncio.run(seeded(settings))
    return Command(folder)


def played(run: Command, channel: str, *more: str) -> dict[str, Any]:
    out = str(run.folder / f"{channel}{len(more)}")
    told: dict[str, Any] = json.loads(run("simulate", channel, "--out", out, "--json", *more))
    return told


@pytest.mark.parametrize(
    ("channel", "size", "more"),
    [
        ("whatsapp", 512, ("--say", "ما هي ساعات العمل يوم الجمعة")),
        ("telegram", 640, ("--text", "Do you have parking?")),
    ],
)
def test_an_answer_is_shown(run: Command, channel: str, size: int, more: tuple[str, str]) -> None:
    told = played(run, channel, *more, "--reply", "video")
    assert (told["reply"]["kind"], told["reply"]["faults"], told["note"]) == ("video", [], None)
    film = facts(Path(told["reply"]["path"]).read_bytes())
    assert (film.width, film.height, film.fps) == (size, size, 25)
    assert (film.codec, film.profile, film.has_b_frames, film.pix_fmt) == ("h264", "Main", False, "yuv420p")
    assert (film.audio, film.audio_tracks, film.faststart) == ("aac", 1, True)
    assert film.bytes < 16 << 20
    assert 2 < film.seconds < 20
    assert abs(film.seconds - told["reply"]["seconds"]) < 1.1  # the network is told whole seconds
    drawn = {bill["stage"]: bill for bill in told["bills"]}["animate"]
    assert (drawn["engine"], drawn["unit"]) == ("illustrated", "second")
    assert drawn["units"] == pytest.approx(film.seconds, abs=0.1)


def test_whoever_asks_for_a_video_gets_one_and_the_others_a_voice_note(run: Command) -> None:
    assert played(run, "telegram", "--text", "Do you have parking? Send a video please.")["reply"]["kind"] == "video"
    assert played(run, "telegram", "--text", "Do you have parking?")["reply"]["kind"] == "voice"


def test_a_form_that_is_none_is_refused(run: Command) -> None:
    assert "--reply is video, voice or text" in run("simulate", "telegram", "--text", "x", "--reply", "fax", code=2)
