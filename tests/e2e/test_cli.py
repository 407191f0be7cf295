"""The command line as an operator uses it, in a fresh folder."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import pytest

from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.phrases import READY
from core_pipeline.engines.asr.demo.engine import DemoAsr
from tests.e2e.calling import caught, sound_of
from tests.e2e.running import ROOT, environment
from webhooks.simulate import free_port

HOURS = "ما هي ساعات العمل يوم الجمعة"
DISH, BRANCH = "بكام طبق الكشري", "أين أقرب فرع"


class Command:
    """Runs cli.py in a process of its own, in a fresh folder; `env` is what the operator has set."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {**environment(), "VAR": str(folder / "var")}

    def __call__(self, *arguments: str, code: int = 0, answers: str = "") -> str:
        done = subprocess.run(
            [sys.executable, str(ROOT / "cli.py"), *arguments],
            cwd=self.folder,
            env=self.env,
            input=answers,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
            start_new_session=True,  # no terminal: secrets are asked for on standard input
        )
        assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
        return done.stdout if code == 0 else done.stdout + done.stderr


@pytest.fixture
def run(tmp_path: Path) -> Command:
    return Command(tmp_path)


@pytest.fixture
def ready(run: Command) -> Command:
    run("migrate")
    run("seed")
    return run


def test_seeding_twice_is_harmless(ready: Command) -> None:
    assert "already" in ready("seed")
    [tenant] = json.loads(ready("tenants", "list", "--json"))
    assert (tenant["slug"], tenant["name_ar"]) == ("demo", "مطعم اللؤلؤة")


def test_a_tenant_and_its_bot(ready: Command) -> None:
    ready("tenants", "add", "shop", "متجر", "Shop")
    token = "7000000009:a-token-nobody-may-see"
    out = ready("accounts", "connect", "telegram", "--tenant", "shop", answers=f"{token}\n\n")
    assert token not in out
    [account] = json.loads(ready("accounts", "list", "--json"))
    assert (account["tenant"], account["external_id"], account["active"]) == ("shop", "7000000009", True)
    assert "ok   telegram account 7000000009" in ready("doctor", code=1)
    ready.env["TELEGRAM_API_URL"] = f"http://127.0.0.1:{free_port()}"  # nobody is there
    asked = ready("doctor", "--tenant", "shop", code=1)
    assert "FIX  telegram 7000000009" in asked
    assert token not in asked
    assert "PUBLIC_URL" in ready("accounts", "install", account["id"], code=1)
    ready("accounts", "disconnect", account["id"])
    assert not json.loads(ready("accounts", "list", "--json"))[0]["active"]
    assert "no tenant 'nobody'" in ready(
        "accounts", "connect", "telegram", "--tenant", "nobody", code=1, answers="1:a\n\n"
    )


def test_doctor_says_what_to_do(run: Command) -> None:
    assert "run `cli.py migrate`" in run("doctor", code=1)
    run.env["ENGINES"] = '{"asr": "whisperer"}'
    assert "set ENGINES to one of: demo" in run("doctor", code=1)
    assert len(run("doctor", "--new-vault-key").strip()) > 40
    run.env["PORT"] = "many"
    assert "setting port" in run("doctor", code=2)


def test_nothing_runs_on_an_old_schema(run: Command) -> None:
    for command in (("serve",), ("worker",), ("tenants", "list"), ("dead-letters",)):
        assert "run `cli.py migrate`" in run(*command, code=1)


def test_a_taken_port_is_said_plainly(ready: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ready.env["PORT"] = str(taken.getsockname()[1])
        said = ready("serve", code=1)
    assert "set HOST or PORT" in said
    assert "Traceback" not in said


def test_production_refuses_to_start_without_keys(run: Command) -> None:
    run.env["ENVIRONMENT"] = "production"
    assert "VAULT_KEYS" in run("tenants", "list", code=2)


def test_there_are_no_dead_letters_at_first(ready: Command) -> None:
    assert "No dead letters" in ready("dead-letters")
    assert "only a dead turn" in ready("retry", "nothing", code=1)


def test_simulate_wants_exactly_one_way_of_asking(ready: Command) -> None:
    assert "exactly one" in ready("simulate", "telegram", code=2)
    nowhere = ready("simulate", "pigeon", "--text", "hi", code=1)
    assert "there is no channel" in nowhere
    assert "Traceback" not in nowhere
    assert "no tenant" in ready("simulate", "telegram", "--tenant", "nobody", "--text", "hi", code=1)


@pytest.mark.parametrize("channel", ["whatsapp", "telegram"])
def test_a_voice_note_is_answered_with_a_voice_note(ready: Command, channel: str, tmp_path: Path) -> None:
    played = json.loads(ready("simulate", channel, "--say", HOURS, "--out", str(tmp_path / "out"), "--json"))
    assert played["transcript"] == HOURS
    assert "الجمعة" in played["answer"]
    assert "ظهر" in played["answer"]
    assert_voice_note(played["reply"])
    wanted = {"fetch", "decode", "transcribe", "recall", "answer", "speakable", "speak", "encode", "send"}
    assert wanted <= played["stages"].keys()
    assert played["total_ms"] > 0


def test_english_text_is_answered_in_english(ready: Command, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    played = json.loads(ready("simulate", "telegram", "--text", "Do you have parking?", "--out", out, "--json"))
    assert (played["language"], played["transcript"]) == ("en", "Do you have parking?")
    assert "parking" in played["answer"]
    assert_voice_note(played["reply"])


def test_a_file_that_is_no_sound_is_answered_kindly(ready: Command, tmp_path: Path) -> None:
    (tmp_path / "note.ogg").write_bytes(b"OggS" + bytes(range(256)) * 8)
    asked = ("simulate", "telegram", "--voice", str(tmp_path / "note.ogg"), "--out", str(tmp_path / "out"), "--json")
    played = json.loads(ready(*asked))
    assert (played["state"], played["note"]) == ("answered", "media-unreadable")
    assert "اكتب" in played["answer"]


def test_a_simulation_leaves_the_installation_untouched(ready: Command, tmp_path: Path) -> None:
    ready("simulate", "telegram", "--text", "مرحبا", "--out", str(tmp_path / "out"), "--json")
    assert json.loads(ready("accounts", "list", "--json")) == []


def test_simulate_says_plainly_how_a_call_is_played(ready: Command) -> None:
    assert "telegram carries no calls" in ready("simulate", "telegram", "--call", "--say", "hi", code=1)
    assert "a call takes --say" in ready("simulate", "phone", "--text", "hi", code=2)
    assert "keys are" in ready("simulate", "phone", "--say", "hi", "--press", "x", code=2)


def called(ready: Command, channel: str, *more: str) -> dict[str, Any]:
    """The call as it was printed; nothing was wrong with it."""
    out = str(ready.folder / channel)
    played: dict[str, Any] = json.loads(ready("simulate", channel, "--say", DISH, "--out", out, *more))
    assert (played["state"], played["reason"], played["ended"], played["faults"]) == ("ended", "caller", "caller", [])
    assert "45" in played["exchanges"][0]["answer"]
    return played


def test_a_call_is_played_and_kept_in_stereo(ready: Command) -> None:
    played = called(ready, "phone", "--then", BRANCH, "--barge-at", "1.2", "--press", "0")
    broken, answered, keyed = played["exchanges"]
    assert broken["note"] == "broken-into"
    assert len(broken["heard"]) < len(broken["answer"])
    assert answered["heard"] == answered["answer"]
    assert "الزمالك" in answered["answer"]
    assert keyed["heard"] == READY["no_person"]["ar"]
    assert answered["stages"]["call_first_audio"] > 0
    assert played["metrics"]["barge_ins"] == 1
    caller, business = (asyncio.run(words) for words in map(understood, sound_of(Path(played["wav"]).read_bytes())))
    assert caught(DISH, caller)
    assert caught(BRANCH, caller)
    assert caught("مطعم اللؤلؤة", business)
    assert caught("الفرع الجديد", business)
    assert not caught("مطعم اللؤلؤة", caller)


async def understood(sound: Pcm) -> str:
    ear = await DemoAsr.load()
    return (await ear.transcribe(sound)).text


@pytest.mark.parametrize("channel", ["audiosocket", "web", "whatsapp"])
def test_every_line_can_be_called(ready: Command, channel: str) -> None:
    [exchange] = called(ready, channel, "--call")["exchanges"]
    assert exchange["stages"]["call_first_audio"] > 0


def assert_voice_note(reply: dict[str, Any]) -> None:
    assert (reply["kind"], reply["faults"]) == ("voice", [])
    assert reply["mime"].startswith("audio/ogg")
    with av.open(reply["path"]) as file:
        [stream] = file.streams
        assert (file.format.name, stream.codec_context.name, stream.codec_context.channels) == ("ogg", "opus", 1)
    assert 1.0 < reply["seconds"] < 30.0
    assert reply["bytes"] == Path(reply["path"]).stat().st_size
