"""The operator sets a business up on the command line: its agent as a file, its engines, its documents."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import yaml

from settings import Settings
from tenants import demo
from tenants.db import Database
from tenants.schema import migrate
from tenants.seed import seed
from tests.e2e.test_cli import Command
from webhooks.simulate import free_port

QUESTION = "How much is a bicycle for a day?"
RENTAL = "# Bicycle rental\n\nWe rent bicycles at the gate. A bicycle for a day is 75 pounds, a helmet is free.\n"


@pytest.fixture
def run(tmp_path: Path) -> Command:
    """A seeded installation, made here: that every process makes one is another test's matter."""
    settings = Settings(var=tmp_path / "var", _env_file=None)
    settings.var.mkdir()
    migrate(settings.main_url, settings.inbox_url)
    asyncio.run(seeded(settings))
    return Command(tmp_path)


async def seeded(settings: Settings) -> None:
    async with Database(settings.main_url) as db:
        await seed(db, demo.load())


def asked(run: Command, *more: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run("simulate", "telegram", "--text", QUESTION, "--engines", "--json", *more))
    return told


def test_an_agent_goes_out_and_comes_in_again(run: Command) -> None:
    file = run.folder / "agent.yaml"
    run("tenants", "export", "demo", "--out", str(file))
    text = file.read_text(encoding="utf-8")
    assert "slug: demo" in text
    file.write_text(text.replace("name_en: Pearl Restaurant", "name_en: Coral Restaurant"), encoding="utf-8")
    assert "removed 0" in run("tenants", "import", str(file))
    run("tenants", "import", str(file), "--slug", "coral")
    named = {row["slug"]: row["name_en"] for row in json.loads(run("tenants", "list", "--json"))}
    assert named == {"demo": "Coral Restaurant", "coral": "Coral Restaurant"}
    again = run("tenants", "export", "coral")
    assert content(again) == content(file.read_text(encoding="utf-8").replace("slug: demo", "slug: coral"))
    file.write_text(again.replace("policy:\n", "policy:\n  engines:\n    llm: oracle\n"), encoding="utf-8")
    assert "llm engine 'oracle' does not exist; there are: knowledge" in run("tenants", "import", str(file), code=1)


def content(text: str) -> dict[str, Any]:
    file: dict[str, Any] = yaml.safe_load(text)
    return {**file, "entries": sorted(file["entries"], key=lambda one: (one["fact"], one["language"]))}


def test_a_business_has_engines_of_its_own(run: Command) -> None:
    listed = {row["engine"]: row["is"] for row in json.loads(run("engines", "list", "--json"))}
    assert (listed["llm/knowledge"], listed["llm/openai_compatible"]) == ("", "hosted")
    key = "sk-nobody-may-see-this"
    where = "base_url=https://llm.example/v1"
    said = run("engines", "set", "llm", "openai_compatible", "--tenant", "demo", "--set", where, answers=f"{key}\n")
    assert key not in said
    [sealed] = rows(run, "select sealed from engine_account")
    assert "api_key" in sealed
    assert key not in sealed
    run("engines", "use", "llm", "openai_compatible,knowledge", "--tenant", "demo")
    assert "secrets:\n  - api_key" in run("tenants", "export", "demo")
    assert "Extra inputs" in run("engines", "set", "llm", "ollama", "--tenant", "demo", "--set", "colour=red", code=1)
    assert "runs on this installation" in run("engines", "set", "tts", "espeak", "--tenant", "demo", code=1)
    run("engines", "forget", "llm", "openai_compatible", "--tenant", "demo")
    assert rows(run, "select sealed from engine_account") == []
    told = run("doctor", "--tenant", "demo", code=1)
    assert "FIX  demo: llm engine openai_compatible\n     → nobody set it up: `cli.py engines set llm" in told
    assert "ok   demo: llm engine knowledge" in told


def test_the_doctor_says_which_engines_are_usable_and_why_not(run: Command) -> None:
    run.env |= {
        "ENGINES": '{"llm": "ollama,openai_compatible,knowledge"}',
        "LLM_OLLAMA_HOST": f"http://127.0.0.1:{free_port()}",
        "LLM_OPENAI_COMPATIBLE_CONTEXT": "12",
    }
    told = run("doctor", "--tenant", "demo", code=1)
    lines = told.splitlines()
    [place] = [place for place, line in enumerate(lines) if line.startswith("FIX  demo: llm engine ollama")]
    assert "start it (`ollama serve`)" in lines[place + 1]
    assert "FIX  demo: llm engine openai_compatible\n     → engine-config: " in told
    assert "context: Input should be greater than" in told
    for fine in ("asr engine demo (ar)", "llm engine knowledge (ar, en)", "tts engine espeak (ar, en)"):
        assert f"ok   demo: {fine}" in told


def test_the_bot_answers_from_a_document_until_it_is_removed(run: Command) -> None:
    paper = run.folder / "rental.md"
    paper.write_text(RENTAL, encoding="utf-8")
    assert "ready" in run("knowledge", "add", str(paper), "--tenant", "demo", "--wait")
    [document] = json.loads(run("knowledge", "list", "--tenant", "demo", "--json"))
    played = asked(run)
    assert "75 pounds" in played["answer"]
    pieces = rows(run, "select id from chunk where document_id = ?", document["id"])
    assert played["citations"] != []
    assert set(played["citations"]) <= set(pieces)
    engines = {bill["stage"]: bill["engine"] for bill in played["bills"]}
    assert (engines["answer"], engines["speak"]) == ("knowledge", "espeak")
    run("knowledge", "remove", document["id"])
    played = asked(run)
    assert (played["note"], played["citations"]) == ("unknown", [])
    assert "75" not in played["answer"]


def rows(run: Command, question: str, *values: str) -> list[str]:
    """The first column of what lies in the installation's database."""
    with sqlite3.connect(run.folder / "var" / "sawtak.db") as database:
        found = [row[0] for row in database.execute(question, values)]
    database.close()
    return found
