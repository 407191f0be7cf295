"""One panel on a port for all tests of a file, with its demo tenant."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.panel.rig import Site, site
from tests.conftest import sqlite_urls


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> AsyncIterator[Site]:
    """The panel as browsers reach it: `house.visitor(role, language=…, width=…)` is somebody who looks at it."""
    folder = tmp_path_factory.mktemp("panel") / "databases"
    shutil.copytree(sqlite_template, folder)
    async with site(sqlite_urls(folder), folder, browser) as running:
        yield running
