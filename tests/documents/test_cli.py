"""`cli.py knowledge`: from adding a file to removing it, with the work done in the foreground."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from admin.commands.knowledge import knowledge_of
from core_pipeline.knowledge.documents.librarian import Progress
from core_pipeline.knowledge.documents.stacks import Stacks, open_stacks
from errors import Impossible
from tenants.blobs import Blobs
from tenants.db import Database
from tests.documents import files
from tests.documents.files import LINES
from tests.factories import make_tenant


@pytest.fixture
def commands(sqlite_url_pair: tuple[str, str], tmp_path: Path) -> typer.Typer:
    async def index(tenant_id: str, document_id: str, progress: Progress) -> None:
        await progress(1.0)

    def in_stacks(work: Callable[[Stacks], Awaitable[Any]]) -> Any:
        async def opened() -> Any:
            blobs = Blobs(f"file://{tmp_path}/blobs")
            async with Database(sqlite_url_pair[0]) as db, open_stacks(db, blobs, index) as stacks:
                return await work(stacks)

        return asyncio.run(opened())

    async def tenant() -> None:
        async with Database(sqlite_url_pair[0]) as db:
            await make_tenant(db, slug="shop")

    asyncio.run(tenant())
    return knowledge_of(in_stacks)


def _run(commands: typer.Typer, *words: str) -> str:
    done = CliRunner().invoke(commands, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


def _listed(commands: typer.Typer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(_run(commands, "list", "--tenant", "shop", "--json"))
    return found


def test_a_mended_document_from_add_to_remove(commands: typer.Typer, tmp_path: Path) -> None:
    paper = tmp_path / "guide.pdf"
    paper.write_bytes(files.pdf(LINES[:3]))
    told = _run(commands, "add", str(paper), "--tenant", "shop", "--wait")
    assert "approval" in told
    (listed,) = _listed(commands)
    number = listed["id"]
    assert (listed["title"], listed["pages"], listed["mended"]) == ("guide", 1, True)
    assert LINES[1] in _run(commands, "show", number)
    text = tmp_path / "text"
    _run(commands, "show", number, "--out", str(text))
    text.write_text(text.read_text(encoding="utf-8").replace("الزيتون", "الياسمين"), encoding="utf-8")
    assert "ready" in _run(commands, "approve", number, "--text", str(text), "--wait")
    assert "الياسمين" in _run(commands, "show", number)
    assert "used=1" in _run(commands, "quota", "--tenant", "shop")
    assert "Removed." in _run(commands, "remove", number)
    assert _listed(commands) == []
    assert _run(commands, "list", "--tenant", "shop") == "No documents.\n"


def test_what_is_wrong_is_said_in_both_languages(commands: typer.Typer, tmp_path: Path) -> None:
    broken = tmp_path / "a.pdf"
    broken.write_bytes(b"%PDF-1.7 nothing")
    told = _run(commands, "add", str(broken), "--tenant", "shop", "--wait")
    assert "broken or incomplete" in told
    assert "تالف" in told
    note = tmp_path / "a.txt"
    note.write_text("some text", encoding="utf-8")
    number = _listed(commands)[0]["id"]
    assert "ready" in _run(commands, "replace", number, str(note), "--wait")


def test_without_waiting_it_is_left_to_the_server(commands: typer.Typer, tmp_path: Path) -> None:
    note = tmp_path / "a.txt"
    note.write_text("some text", encoding="utf-8")
    assert "queued; a running server or worker takes it up" in _run(commands, "add", str(note), "--tenant", "shop")
    missing = CliRunner().invoke(commands, ["show", "nonsense"])
    assert isinstance(missing.exception, Impossible)
    refused = CliRunner().invoke(commands, ["refresh", _listed(commands)[0]["id"]])
    assert isinstance(refused.exception, Impossible)
    assert refused.exception.code == "document-no-address"
