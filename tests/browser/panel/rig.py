"""The real panel on a real port, browsers in which somebody is signed in, and what must be true of every page."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page

from admin.panel import BUILT
from tenants.models import Tenant
from tenants.people import signed_in
from tenants.people.roles import Role
from tests.browser.visit import AXE
from tests.panel.house import Panel, opened
from webhooks.server import listening

LANGUAGES = ("ar", "en")
WIDTHS = {1280: 860, 390: 844}
# What browsers note by themselves of answers that a test is about.
_REFUSED = "Failed to load resource"
_SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass
class Site:
    """The panel as browsers reach it; `address` is its origin."""

    panel: Panel
    browser: Browser
    address: str

    @asynccontextmanager
    async def visitor(
        self,
        role: Role | None = Role.OWNER,
        tenant: Tenant | None = None,
        *,
        language: str = "ar",
        width: int = 1280,
        whole: bool = True,
        **context: Any,
    ) -> AsyncIterator[Visitor]:
        """A browser in which somebody new with this role is signed in (None: nobody is).

        Ends with an error when a page noted one in its console, a refusal of the content policy too.
        """
        made = await self.browser.new_context(
            base_url=self.address, viewport={"width": width, "height": WIDTHS.get(width, 860)}, **context
        )
        given = {"sawtak-language": language}
        if role is not None:
            person = await self.panel.person(role, tenant)
            async with self.panel.db.platform() as session:
                given["sawtak"] = await signed_in.begin(session, person.id, whole=whole)
        await made.add_cookies([{"name": name, "value": one, "url": self.address} for name, one in given.items()])
        visitor = Visitor(made, await made.new_page())
        visitor.listen()
        try:
            yield visitor
            assert visitor.complaints == []
        finally:
            await made.close()


@dataclass
class Visitor:
    """Somebody at a browser: `page` is what they see, `complaints` what its console noted."""

    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Note every error of scripts and of the content policy from now on."""
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_REFUSED):
            self.complaints.append(f"{message.text} ({self.page.url})")

    async def open(self, path: str) -> int:
        """Go to an address under /admin; give the answer's status."""
        answer = await self.page.goto(f"/admin{path}")
        assert answer is not None
        return answer.status

    async def wrong(self) -> list[str]:
        """What is wrong with the page as it is now, by axe and by our own rules for every page."""
        found = await axe(self.page)
        if (wider := await self.page.evaluate(_SIDEWAYS)) > 0:
            found.append(f"the page is {wider} px wider than the screen: {await _widest(self.page)}")
        return found


SOURCE = AXE.read_text(encoding="utf-8") if AXE.is_file() else ""


async def axe(page: Page) -> list[str]:
    """What axe finds wrong with the page."""
    await page.evaluate(SOURCE)
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


async def _widest(page: Page) -> list[str]:
    """The elements that stick out."""
    return list(
        await page.evaluate(
            """[...document.querySelectorAll("main *")].filter((one) => {
                const box = one.getBoundingClientRect();
                return (box.right > innerWidth + 1 || box.left < -1) && !one.closest(".scroll, .tabs, pre, .sr");
            }).slice(0, 4).map((one) => one.outerHTML.slice(0, 120))"""
        )
    )


@asynccontextmanager
async def site(urls: tuple[str, str], folder: Path, browser: Browser, **settings: Any) -> AsyncIterator[Site]:
    """The panel on this database, served on a port of this machine."""
    assert (BUILT / "panel.css").is_file(), "the panel is not built: run `make panel` (it needs Node.js and npm)"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    async with opened(urls, folder, public_url=address, **settings) as panel, listening(panel.web, "127.0.0.1", port):
        yield Site(panel, browser, address)
