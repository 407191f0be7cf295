"""A visitor of a page with the widget, and what they see of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.async_api import Locator, Page, expect
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

from tests.browser.paper import Paper

WIDGET = Path(__file__).parents[2] / "channels/web/widget"
BUILT = WIDGET / "dist"
AXE = WIDGET / "node_modules/axe-core/axe.min.js"
# Audio elements and Web Audio are out of a locator's sight: what they do is noted where they are used.
NOTE = """
window.noted = {sounds: 0, events: []};
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (at) { noted.sounds += 1; return start.call(this, at); };
for (const name of ["transcript", "response", "error", "state"])
  addEventListener(name, (event) => noted.events.push([name, event.detail]));
"""


def files() -> list[Route]:
    """The built widget, as the platform serves it."""

    async def one(request: Request) -> FileResponse:
        return FileResponse(BUILT / request.path_params["file"])

    return [Route("/widget/{file}", one)]


class Visit:
    """A visitor: `widget` is the component, `mic` its button."""

    def __init__(self, page: Page, paper: Paper) -> None:
        self.page = page
        self.paper = paper
        self.widget = page.locator("voice-mic")
        self.mic = self.part("mic")

    async def open(self, query: str = "") -> None:
        """Open a page whose widget has these attributes."""
        await self.page.add_init_script(NOTE)
        await self.page.goto(f"{self.paper.address}/page?{query}")
        await expect(self.mic).to_be_visible()

    def part(self, name: str) -> Locator:
        """The pieces of the widget of this part name."""
        return self.widget.locator(f"[part~={name}]")

    async def sees(self, part: str, text: str) -> None:
        """Wait until it says this there."""
        await expect(self.part(part).last).to_contain_text(text)

    async def state(self, state: str) -> None:
        """Wait until the widget is in this state."""
        await expect(self.part("card")).to_have_attribute("data-state", state)

    async def write(self, text: str) -> None:
        """Ask in writing."""
        await self.part("field").fill(text)
        await self.part("field").press("Enter")

    async def events(self, name: str) -> list[Any]:
        """The details of the component's events of this name."""
        noted: list[tuple[str, Any]] = await self.page.evaluate("noted.events")
        return [detail for kind, detail in noted if kind == name]

    async def sounds(self) -> int:
        """How many pieces of sound Web Audio was given to play."""
        return int(await self.page.evaluate("noted.sounds"))

    async def accusations(self) -> list[str]:
        """What axe finds wrong with the page as it is now."""
        await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = await self.page.evaluate("axe.run()")
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
        ]
