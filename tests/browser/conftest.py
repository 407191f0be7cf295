"""One browser for all tests of a file, and a server of paper for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.browser.chromium import babble, chromium
from tests.browser.paper import Paper, served
from tests.browser.peer import Peer
from tests.browser.visit import BUILT, Visit, files

PITCH = 440.0
# What browsers note by themselves of answers that a test is about.
REFUSED = ("Failed to load resource", "WebSocket connection to", "Access to fetch at")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """A browser whose microphone babbles at PITCH."""
    folder = tmp_path_factory.mktemp("browser")
    async with chromium(folder, babble(folder / "microphone.wav", PITCH)) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A visitor on a phone, whose browser knows nothing yet."""
    made = await browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """A page on which any error of a script, or of the strict content policy, fails the test."""
    page = await context.new_page()
    complaints: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(REFUSED):
            complaints.append(message.text)

    page.on("console", said)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    await page.close()
    assert complaints == []


@pytest_asyncio.fixture(loop_scope="module")
async def peer() -> AsyncIterator[Peer]:
    """The other end of WebRTC calls."""
    peer = Peer()
    yield peer
    await peer.close()


@pytest_asyncio.fixture(loop_scope="module")
async def paper(peer: Peer) -> AsyncIterator[Paper]:
    """A server of paper with the built widget."""
    assert (BUILT / "voice-mic.js").is_file(), "the widget is not built: run `make widget` (it needs Node.js and npm)"
    async with served(Paper(), *files(), *peer.routes()) as running:
        yield running


@pytest.fixture
def visit(page: Page, paper: Paper) -> Visit:
    """A visitor before a page with the widget."""
    return Visit(page, paper)


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where pictures of pages go."""
    return tmp_path
