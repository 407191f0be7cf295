"""The code of `deploy/workers`, run against stand-ins with their libraries' signatures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import BaseModel

from core_pipeline.contracts.engines import Clone, Pcm, Saying, Speech
from core_pipeline.engines.worker.blocking import write_wav
from core_pipeline.engines.worker.client import RemoteTts
from core_pipeline.engines.worker.line import Line
from core_pipeline.engines.worker.named import Named
from core_pipeline.engines.worker.rehearsal import rehearsing
from core_pipeline.engines.worker.server import worker_app
from core_pipeline.engines.worker.serving import Listen, serving
from core_pipeline.engines.worker.standalone import Loaded, run
from deploy.workers.chatterbox import worker as chatterbox
from deploy.workers.cosyvoice3 import worker as cosyvoice3
from deploy.workers.openvoice2 import worker as openvoice2
from deploy.workers.voxcpm2 import worker as voxcpm2
from errors import Impossible, NeedsOwner
from tests.worker import standins

CLONE = Clone("c", Pcm(b"\1\0" * 1600, 16_000), "نعم")


@pytest.fixture(autouse=True)
def _libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    standins.install(monkeypatch)


def touch(*files: Path) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


@asynccontextmanager
async def behind_the_protocol(loaded: Loaded, folder: Path) -> AsyncIterator[RemoteTts]:
    transport = httpx.AsyncHTTPTransport(uds=str(folder / "s"))
    app = worker_app(loaded.engines, loaded.about)
    async with serving(app, Listen(uds=folder / "s")), httpx.AsyncClient(transport=transport) as http:
        yield RemoteTts(Line(http, "http://worker"))
    await loaded.engines["tts"].close()


async def all_of(voice: RemoteTts, saying: Saying) -> list[Speech]:
    return [part async for part in voice.speak(saying)]


async def test_chatterbox_speaks_by_sentences_in_its_own_and_in_learnt_voices(tmp_path: Path) -> None:
    touch(tmp_path / "s3gen.pt", tmp_path / "conds.pt")
    loaded = await chatterbox.load(chatterbox.ChatterboxConfig(weights=tmp_path))
    assert (loaded.about.languages, loaded.about.sample_rate) == (("ar", "en"), 24_000)
    async with behind_the_protocol(loaded, tmp_path) as voice:
        assert [part.pcm.seconds for part in await all_of(voice, Saying("أهلا. نعم.", "ar"))] == [0.5, 0.5]
        for _ in range(2):
            await all_of(voice, Saying("yes", "en", clone=CLONE))
        await voice.forget("c")
        await all_of(voice, Saying("yes", "en", clone=CLONE))
        await all_of(voice, Saying("again", "en"))
        with pytest.raises(Impossible, match="language"):
            await all_of(voice, Saying("x", "qq"))
    assert standins.calls == [
        ("generate", "أهلا.", "ar", "own"),
        ("generate", "نعم.", "ar", "own"),
        ("prepare", True),
        ("generate", "yes", "en", "learnt 3"),
        ("generate", "yes", "en", "learnt 3"),
        ("prepare", True),
        ("generate", "yes", "en", "learnt 6"),
        ("generate", "again", "en", "own"),
    ]


async def test_chatterbox_without_a_voice_of_its_own_wants_one(tmp_path: Path) -> None:
    touch(tmp_path / "s3gen.pt")
    loaded = await chatterbox.load(chatterbox.ChatterboxConfig(weights=tmp_path))
    async with behind_the_protocol(loaded, tmp_path) as voice:
        with pytest.raises(NeedsOwner, match="no-voice"):
            await all_of(voice, Saying("نعم", "ar"))


async def test_cosyvoice_continues_a_sample_or_crosses_languages(tmp_path: Path) -> None:
    source, weights, sample = tmp_path / "source", tmp_path / "weights", tmp_path / "v.wav"
    touch(source / "cosyvoice/cli/x", weights / "cosyvoice3.yaml")
    write_wav(CLONE.sample, sample)
    config = cosyvoice3.CosyConfig(source=source, weights=weights, voices={"reception": Named(sample=sample)})
    async with behind_the_protocol(await cosyvoice3.load(config), tmp_path) as voice:
        parts = await all_of(voice, Saying("Guten Tag.", "de", clone=CLONE, rate=9.0))
        assert [round(part.pcm.seconds, 3) for part in parts] == [0.2, 0.2, 0.2]
        await all_of(voice, Saying("Bonjour.", "fr", voice="reception"))
        with pytest.raises(NeedsOwner, match="no-voice"):
            await all_of(voice, Saying("Hello.", "en"))
        with pytest.raises(Impossible, match="language"):
            await all_of(voice, Saying("نعم", "ar", clone=CLONE))
        with pytest.raises(Impossible, match="sample-too-long"):
            await all_of(voice, Saying("Hello.", "en", clone=Clone("l", Pcm(bytes(500_000), 8_000), "")))
    assert standins.calls == [
        ("zero shot", "Guten Tag.", f"{cosyvoice3.PROMPT}نعم", True, True, 2.0),
        ("cross lingual", f"{cosyvoice3.PROMPT}Bonjour.", True, True, 1.0),
    ]


async def test_openvoice_changes_the_colour_of_a_base_voice_and_keeps_its_words(tmp_path: Path) -> None:
    source, weights = tmp_path / "source", tmp_path / "weights"
    touch(source / "openvoice/x", weights / "checkpoint.pth", weights / "config.json")
    async with rehearsing("tts", "espeak") as (url, token):
        (tmp_path / "token").write_text(token.get_secret_value(), encoding="utf-8")
        config = openvoice2.OpenVoiceConfig(
            source=source, weights=weights, base_url=url, base_token_file=tmp_path / "token"
        )
        async with behind_the_protocol(await openvoice2.load(config), tmp_path) as voice:
            plain = await all_of(voice, Saying("أهلا بكم", "ar"))
            parts = await all_of(voice, Saying("أهلا بكم", "ar", clone=CLONE))
            assert [[w.text for w in part.words] for part in parts] == [[w.text for w in part.words] for part in plain]
            assert parts[0].words[0].text == "أهلا"
            assert {part.pcm for part in parts} == {Pcm(parts[0].pcm.data, 22_050)}
            with pytest.raises(Impossible, match="set here: ar"):
                await all_of(voice, Saying("x", "en"))
    assert standins.calls[0] == ("watermark", True)
    name, own, wanted, mark = standins.calls[1]
    assert (name, wanted, mark) == ("convert", "colour of 3244", "@Sawtak")
    assert own != wanted


@pytest.mark.parametrize(
    ("load", "config", "missing"),
    [
        (chatterbox.load, chatterbox.ChatterboxConfig(weights=Path("/nowhere")), "no-weights"),
        (voxcpm2.load, voxcpm2.VoxConfig(weights=Path("/nowhere")), "no-weights"),
        (cosyvoice3.load, cosyvoice3.CosyConfig(source=Path("/nowhere"), weights=Path("/nowhere")), "no-weights"),
    ],
)
async def test_missing_weights_are_the_owners(load, config: BaseModel, missing: str) -> None:  # type: ignore[no-untyped-def]  # four loaders, four types
    with pytest.raises(NeedsOwner, match=missing):
        await load(config)


def test_a_configuration_that_is_wrong_is_told_on_the_command_line(tmp_path: Path) -> None:
    config, token = tmp_path / "config.json", tmp_path / "token"
    config.write_text('{"weights": "/w", "colour": 1}', encoding="utf-8")
    token.write_text("t", encoding="utf-8")
    for options, says in (
        (["--config", str(config), "--token-file", str(token)], "engine-config: colour"),
        (["--config", str(tmp_path / "none"), "--token-file", str(token)], "engine-config"),
        (["--config", str(config)], "worker-token"),
    ):
        with pytest.raises(SystemExit, match=says):
            run(voxcpm2.VoxConfig, voxcpm2.load, options)
