"""What every room's tests may ask for: a migrated database of either kind."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from core_pipeline.cloning import consent
from tenants.db import Database
from tenants.schema import migrate
from tests import postgres
from tests.scratch import in_memory

# What keeps time with sound or pictures would measure its neighbours on two cores.
ALONE = ("tests/browser/test_", "tests/channels/phone/test_calls.py", "tests/channels/rtc/", "tests/calls/face/")


def pytest_configure() -> None:
    """Keep what tests write off the disk."""
    in_memory()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the folders whose tests run by themselves."""
    for item in items:
        if item.nodeid.startswith(ALONE):
            item.add_marker(pytest.mark.alone)


@pytest.fixture(autouse=True)
def foreseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the same words of consent in every run: how well engines hear a sentence differs from word to word."""
    monkeypatch.setattr(consent, "dice", Random(1))  # noqa: S311 - it must be foreseen here


@dataclass(frozen=True)
class Floor:
    """A migrated database, and the URLs to open it, and the inbox, once more."""

    db: Database
    main_url: str
    inbox_url: str


def sqlite_urls(folder: Path) -> tuple[str, str]:
    """URLs of the main file and the inbox in this folder."""
    return f"sqlite+aiosqlite:///{folder}/main.db", f"sqlite+aiosqlite:///{folder}/inbox.db"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with migrated files, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    migrate(*sqlite_urls(folder))
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A running Postgres, brought up when the first test wants it."""
    with postgres.server() as running:
        yield running


@pytest.fixture
def sqlite_url_pair(sqlite_template: Path, tmp_path: Path) -> tuple[str, str]:
    """Main and inbox URL of fresh migrated files."""
    folder = tmp_path / "databases"
    shutil.copytree(sqlite_template, folder)
    return sqlite_urls(folder)


@pytest.fixture
def postgres_url_pair(postgres_server: postgres.Server) -> Iterator[tuple[str, str]]:
    """Main and inbox URL of a fresh migrated Postgres database."""
    with postgres_server.database() as url:
        yield url, url


@pytest.fixture(params=["sqlite", "postgres"])
def url_pair(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Main and inbox URL of a fresh migrated database, for each kind in turn."""
    pair: tuple[str, str] = request.getfixturevalue(f"{request.param}_url_pair")
    return pair


@pytest.fixture
async def database(url_pair: tuple[str, str]) -> AsyncIterator[Floor]:
    """An open migrated database, for each kind in turn."""
    async with Database(url_pair[0]) as db:
        yield Floor(db, *url_pair)


@pytest.fixture
async def sqlite_database(sqlite_url_pair: tuple[str, str]) -> AsyncIterator[Floor]:
    """An open migrated database on SQLite."""
    async with Database(sqlite_url_pair[0]) as db:
        yield Floor(db, *sqlite_url_pair)


@pytest.fixture
async def postgres_database(postgres_url_pair: tuple[str, str]) -> AsyncIterator[Floor]:
    """An open migrated database on Postgres, as a role that is no superuser."""
    async with Database(postgres_url_pair[0]) as db:
        yield Floor(db, *postgres_url_pair)
