"""The puppet behind the protocol, in this process and in one of its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from core_pipeline.engines.worker.jobs import Limits
from core_pipeline.engines.worker.line import Line, Patience
from core_pipeline.engines.worker.server import worker_app
from core_pipeline.engines.worker.serving import Listen, serving
from tests.worker.puppet import Config, load

ROOT = Path(__file__).parents[2]
TOKEN = SecretStr("the-service-token")
PATIENCE = Patience(connect=2, silence=5, whole=20)
LIMITS = Limits(at_once=2, waiting=2, body=100_000, file=300_000, clones=2)


@dataclass(frozen=True)
class Stage:
    """A running puppet: the line to it, and the file of its notes."""

    line: Line
    notes: Path
    pid: int = 0

    def but(self, **changes: object) -> Line:
        """The line with other fields."""
        return replace(self.line, **changes)  # type: ignore[arg-type]  # the tests name fields of Line

    async def noted(self, text: str, times: int = 1) -> None:
        """Wait until the puppet has noted it so often."""
        async with asyncio.timeout(5):
            while not self.notes.exists() or self.notes.read_text(encoding="utf-8").split("\n").count(text) < times:
                await asyncio.sleep(0.01)


@contextmanager
def puppet_process(folder: Path, *more: str) -> Iterator[tuple[str, Path, subprocess.Popen[str]]]:
    """Serve the puppet in a process of its own: its address, its notes, the process."""
    notes, token, config = folder / "notes", folder / "token", folder / "config.json"
    token.write_text(TOKEN.get_secret_value() + "\n", encoding="utf-8")
    config.write_text(json.dumps({"notes": str(notes)}), encoding="utf-8")
    options = ["--config", str(config), "--token-file", str(token), "--port", "0", "--at-once", "2", "--waiting", "2"]
    command = [sys.executable, "-m", "tests.worker.puppet", *options, *more]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = process.stderr.readline()
            assert "ready" in said, said
            yield said.split()[-1], notes, process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def shared_puppet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, int]]:
    """One puppet's process for all tests of a module that do not harm it."""
    with puppet_process(tmp_path_factory.mktemp("puppet")) as (address, notes, process):
        yield address, notes, process.pid


@pytest.fixture(params=["in this process", "in its own process"])
async def stage(
    request: pytest.FixtureRequest, tmp_path: Path, shared_puppet: tuple[str, Path, int]
) -> AsyncIterator[Stage]:
    """A running puppet of either kind, with fresh notes."""
    async with httpx.AsyncClient() as http:
        if request.param == "in its own process":
            address, notes, pid = shared_puppet
            notes.unlink(missing_ok=True)
            yield Stage(Line(http, address, TOKEN, PATIENCE), notes, pid)
            return
        loaded = await load(Config(notes=tmp_path / "notes"))
        app = worker_app(loaded.engines, loaded.about, TOKEN, LIMITS)
        async with serving(app, Listen()) as served:
            yield Stage(Line(http, served.address, TOKEN, PATIENCE), tmp_path / "notes")
