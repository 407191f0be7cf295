"""The real panel over a fresh database, and people of every role who visit it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.panel.house import Panel, opened


@pytest.fixture
async def panel(url_pair: tuple[str, str], tmp_path: Path) -> AsyncIterator[Panel]:
    """The panel on either database, with the demo tenant and no work going on."""
    async with opened(url_pair, tmp_path, whole=False) as panel:
        yield panel


@pytest.fixture
async def small_panel(sqlite_url_pair: tuple[str, str], tmp_path: Path) -> AsyncIterator[Panel]:
    """The panel on SQLite only, for what does not depend on the database."""
    async with opened(sqlite_url_pair, tmp_path, whole=False) as panel:
        yield panel
