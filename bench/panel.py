"""The panel on a slow phone: what a page weighs, and how long until it can be used, with nothing kept from before.

Four times slower a processor and slow 4G (1.6 Mbit/s down, 0.75 up, 150 ms there and back), as browsers' own tools have
it. A page can be used when its letters are drawn and its scripts have looked through it.

Run: .venv/bin/python -m bench.panel
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tenants.people.roles import Role
from tenants.schema import migrate
from tests.browser.chromium import babble, chromium
from tests.browser.panel.furnished import furnish
from tests.browser.panel.rig import Site, site
from tests.conftest import sqlite_urls

ROUNDS, AIM = 5, 2.0
SLOWER = 4
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
PAGES = (
    "/t/{tenant}",
    "/t/{tenant}/inbox",
    "/t/{tenant}/persona",
    "/t/{tenant}/knowledge/entries",
    "/t/{tenant}/insight",
)
READY = """
new MutationObserver((_, watch) => {
  if (document.documentElement.dataset.ready === undefined) return;
  window.readyAt = performance.now();
  watch.disconnect();
}).observe(document, {subtree: true, attributes: true, attributeFilter: ["data-ready"], childList: true});
"""
FIGURES = """
(async () => {
  while (window.readyAt === undefined || !performance.getEntriesByName("first-contentful-paint").length)
    await new Promise((go) => setTimeout(go, 20));
  const all = [...performance.getEntriesByType("resource"), ...performance.getEntriesByType("navigation")];
  const sum = (end) => all.filter((one) => end.test(one.name.split("?")[0])).reduce((a, b) => a + b.encodedBodySize, 0);
  const paint = performance.getEntriesByName("first-contentful-paint")[0].startTime;
  const page = performance.getEntriesByType("navigation")[0].encodedBodySize;
  return {ready: Math.max(window.readyAt, paint) / 1000, paint: paint / 1000,
          code: sum(/\\.(js|css)$/), letters: sum(/woff2$/), page};
})()
"""


async def measured(page: Page, address: str) -> dict[str, Any]:
    """Open a page on the slow phone and give its figures: seconds and bytes as they came over the wire."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Network.enable")
    await devtools.send("Network.emulateNetworkConditions", NETWORK)
    await devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    await page.add_init_script(READY)
    answer = await page.goto(f"/admin{address}")
    if answer is None or not answer.ok:
        sys.exit(f"{address} can not be opened")
    found: dict[str, Any] = await page.evaluate(FIGURES)
    return found


async def one(running: Site, address: str) -> None:
    """Print a page's line: medians of cold visits."""
    rounds = []
    for _ in range(ROUNDS):
        async with running.visitor(Role.OWNER, width=390) as visitor:
            rounds.append(await measured(visitor.page, address))
    middle = {name: statistics.median(found[name] for found in rounds) for name in rounds[0]}
    kib = " | ".join(f"{middle[name] / 1024:.0f}" for name in ("page", "code", "letters"))
    met = "met" if middle["ready"] <= AIM else "**missed**"
    print(f"| {address} | {kib} | {middle['paint']:.2f} | {middle['ready']:.2f} | {met} |")


async def main() -> None:
    """Print the table."""
    print(f"median of {ROUNDS} cold visits, 390 px, Arabic; KiB over the wire, seconds; aim ≤ {AIM:.0f} s\n")
    print("| page | page | scripts and sheets | letters | first words | usable | aim |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        urls = sqlite_urls(folder)
        await asyncio.to_thread(migrate, *urls)
        microphone = babble(folder / "microphone.wav", 440.0)
        async with chromium(folder, microphone) as browser, site(urls, folder, browser) as running:
            furnished = await furnish(running.panel)
            for path in PAGES:
                await one(running, furnished.fill(path))


if __name__ == "__main__":
    asyncio.run(main())
