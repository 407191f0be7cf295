"""Towns for tests of the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.town import Town, founded
from tests.conftest import Floor


@pytest.fixture
async def town(database: Floor, tmp_path: Path) -> AsyncIterator[Town]:
    """On both databases."""
    async with founded(database, tmp_path) as ready:
        yield ready


@pytest.fixture
async def small_town(sqlite_database: Floor, tmp_path: Path) -> AsyncIterator[Town]:
    """For what no database can change."""
    async with founded(sqlite_database, tmp_path) as ready:
        yield ready
