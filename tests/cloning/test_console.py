"""The operator's commands on voices, through the command line's own door."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner, Result

from admin.commands.voices import Booth, voices_of
from core_pipeline.atelier import Workroom
from core_pipeline.engines.asr.demo.engine import DemoAsr, Recogniser
from core_pipeline.engines.fair import FairGate
from core_pipeline.engines.router import Engines, For
from core_pipeline.engines.speaker.spectral.engine import SpectralSpeaker
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.media.sandbox import Sandbox
from errors import SawtakError
from tenants.blobs import Blobs
from tenants.db import Database
from tests.cloning.people import MAN, PAGE, WOMAN, note, say, stored
from tests.factories import make_tenant


@dataclass
class Paper:
    """What the commands ask of the engines: the demo recogniser, a voiceprint, one voice, and to forget voices."""

    recogniser: Recogniser
    tts: EspeakTts | None = None
    told: list[str] = field(default_factory=list)

    async def asr(self, language: str, order: For) -> DemoAsr:
        assert order.tenant_id
        return DemoAsr(self.recogniser)

    async def speaker(self) -> SpectralSpeaker:
        return await SpectralSpeaker.load()

    async def only(self, kind: str, name: str) -> EspeakTts:
        assert (kind, name) == ("tts", "espeak")
        assert self.tts is not None
        return self.tts

    async def forget(self, clone_id: str) -> None:
        self.told.append(clone_id)

    @property
    def engines(self) -> Engines:
        """These in the place of all engines."""
        return cast("Engines", self)


class Console:
    """Runs commands against one installation's data, each in a process of its own as far as it can tell."""

    def __init__(self, url: str, folder: Path, recogniser: Recogniser) -> None:
        self.url, self.folder, self.recogniser = url, folder, recogniser
        self.told: list[str] = []

    def run(self, *words: str) -> Result:
        """What the command printed and how it ended."""
        return CliRunner().invoke(voices_of(self._in_booth), list(words))

    def _in_booth(self, work: Callable[[Booth], Awaitable[Any]]) -> Any:
        async def opened() -> Any:
            async with AsyncExitStack() as stack:
                return await work(await self._booth(stack))

        return in_new_loop(opened())

    async def _booth(self, stack: AsyncExitStack) -> Booth:
        db = await stack.enter_async_context(Database(self.url))
        sandbox = await stack.enter_async_context(Sandbox())
        tts = EspeakTts(EspeakConfig())
        stack.push_async_callback(tts.close)

        paper = Paper(self.recogniser, tts, self.told)
        room = Workroom(db, Blobs(f"file://{self.folder / 'blobs'}"), sandbox, paper.engines, FairGate(1))
        return Booth(room, self.folder / "previews")


def in_new_loop(work: Any) -> Any:
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


@pytest.fixture
def console(sqlite_url_pair: tuple[str, str], tmp_path: Path, recogniser: Recogniser) -> Console:
    return Console(sqlite_url_pair[0], tmp_path, recogniser)


@pytest.fixture
def tenant(console: Console) -> str:
    async def made() -> str:
        async with Database(console.url) as db:
            return (await make_tenant(db, name_ar="مطعم اللؤلؤة")).slug

    slug: str = in_new_loop(made())
    return slug


def recorded(text: str, voice: str, file: Path) -> str:
    async def spoken() -> bytes:
        tts = EspeakTts(EspeakConfig())
        try:
            return note(await say(tts, text, voice))
        finally:
            await tts.close()

    file.write_bytes(in_new_loop(spoken()))
    return str(file)


def test_the_shelf_is_listed_and_heard(console: Console) -> None:
    listed = json.loads(console.run("list", "--json").stdout)
    assert {"slug", "name", "engine", "languages", "gender", "licence"} == listed[0].keys()
    played = console.run("preview", "embedded-woman", "--language", "en")
    assert Path(played.stdout.strip()).read_bytes()[:4] == b"OggS"
    refused = console.run("preview", "nobody")
    assert isinstance(refused.exception, SawtakError)


def test_a_voice_from_sample_to_revocation(console: Console, tenant: str, tmp_path: Path) -> None:
    sample = recorded(PAGE, MAN, tmp_path / "sample.ogg")
    cloned = console.run("clone", sample, "--tenant", tenant, "--name", "خالد", "--text", PAGE)
    assert cloned.exit_code == 0, cloned.output
    [own] = json.loads(console.run("list", "--tenant", tenant, "--json").stdout)
    assert (own["name"], own["state"]) == ("خالد", "draft")
    asked = ("sentence", own["id"], "--tenant", tenant, "--speaker", "خالد يوسف")
    sentence = console.run(*asked).stdout.strip()
    assert "مطعم اللؤلؤة" in sentence
    wrong = console.run("consent", own["id"], recorded(sentence, WOMAN, tmp_path / "w.ogg"), "--tenant", tenant)
    assert wrong.exit_code == 1
    assert "other-voice" in wrong.output
    right = console.run("consent", own["id"], recorded(sentence, MAN, tmp_path / "m.ogg"), "--tenant", tenant)
    assert right.exit_code == 0, right.output
    assert f"clone:{own['id']}" in right.stdout
    assert console.run("revoke", own["id"], "--tenant", tenant).exit_code == 0
    assert console.told == [own["id"]]
    assert stored(tmp_path / "blobs") == []
    [own] = json.loads(console.run("list", "--tenant", tenant, "--json").stdout)
    assert (own["state"], own["speaker"]) == ("revoked", "خالد يوسف")


def test_a_poor_sample_is_explained(console: Console, tenant: str, tmp_path: Path) -> None:
    short = recorded("مرحبا بكم", MAN, tmp_path / "short.ogg")
    told = console.run("clone", short, "--tenant", tenant, "--name", "x", "--language", "ar")
    assert told.exit_code == 1
    assert "عشر ثوان" in told.output
