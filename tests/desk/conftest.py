"""A business whose colleagues answer beside the bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import Floor
from tests.desk.counter import Counter, opened


@pytest.fixture
async def counter(database: Floor, tmp_path: Path) -> AsyncIterator[Counter]:
    """At work, on both databases."""
    async with opened(database, tmp_path) as ready, ready.plant.working():
        yield ready


@pytest.fixture
async def small_counter(sqlite_database: Floor, tmp_path: Path) -> AsyncIterator[Counter]:
    """At work, for what no database can change."""
    async with opened(sqlite_database, tmp_path) as ready, ready.plant.working():
        yield ready
