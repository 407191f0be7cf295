"""Takes a picture of every page of the panel, in both languages, on a desk and on a phone; says what looks wrong.

python -m tests.browser.panel.shots [--out docs/panel] [--only /t/demo/inbox] [--schemes light,dark]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from admin.frame.doors import Door, Open
from admin.panel import doors
from tenants.people.roles import Role
from tenants.schema import migrate
from tests.browser.chromium import babble, chromium
from tests.browser.panel.furnished import NO_PAGES, Furnished, furnish
from tests.browser.panel.rig import LANGUAGES, WIDTHS, Site, Visitor, site
from tests.conftest import sqlite_urls

OUT = Path("docs/panel")
LONGEST, QUALITY = 3000, 60


@dataclass(frozen=True)
class Wanted:
    """Which pictures to take, and where they go."""

    out: Path
    only: str
    schemes: tuple[str, ...]

    def pages(self, furnished: Furnished) -> Iterator[tuple[Door, str]]:
        """Every page's door and address."""
        for door in doors():
            if door.method == "GET" and not NO_PAGES.search(door.path):
                try:
                    address = furnished.fill(door.path)
                except KeyError as name:
                    sys.stdout.write(f"{door.path}: furnish {name} in tests/browser/panel/furnished.py\n")
                    continue
                if address.startswith(self.only):
                    yield door, address


def name_of(door: Door) -> str:
    """What a page's picture is called: its path without marks."""
    plain = door.path.replace("/t/{tenant}", "").replace("{", "").replace("}", "").strip("/")
    return plain.replace("/", "-") or ("business" if "{tenant}" in door.path else "start")


async def take(visitor: Visitor, address: str, file: Path) -> list[str]:
    """Picture one page, at most LONGEST pixels of it; give what is wrong with it."""
    status = await visitor.open(address)
    await visitor.page.evaluate("document.fonts.ready.then(() => { document.activeElement.blur(); scrollTo(0, 0); })")
    size = visitor.page.viewport_size or {"width": 0, "height": 0}
    high = min(LONGEST, await visitor.page.evaluate("document.documentElement.scrollHeight"))
    clip = {"x": 0, "y": 0, "width": size["width"], "height": max(high, size["height"])}
    still: dict[str, Any] = {"full_page": True, "clip": clip, "animations": "disabled"}
    await visitor.page.screenshot(path=file, type="jpeg", quality=QUALITY, **still)
    return [f"status {status}"] * (status != 200) + await visitor.wrong()


async def walk(running: Site, wanted: Wanted) -> None:
    """Every page, one browser context for each language, width and scheme."""
    furnished = await furnish(running.panel)
    for language in LANGUAGES:
        for width in WIDTHS:
            for scheme in wanted.schemes:
                await _walk_as(running, wanted, furnished, (language, width, scheme))


async def _walk_as(running: Site, wanted: Wanted, furnished: Furnished, how: tuple[str, int, str]) -> None:
    language, width, scheme = how
    tail = f"{language}-{width}" + ("" if scheme == "light" else f"-{scheme}")
    known: dict[Open | None, list[tuple[Door, str]]] = {}
    for door, address in wanted.pages(furnished):
        known.setdefault(next((one for one in (Open.ANYBODY, Open.HALF) if door.may is one), None), []).append(
            (door, address)
        )
    for who, pages in known.items():
        role = None if who is Open.ANYBODY else Role.PLATFORM_ADMIN
        whole = who is not Open.HALF
        visiting = running.visitor(role, language=language, width=width, whole=whole, color_scheme=scheme)
        async with visiting as visitor:
            for door, address in pages:
                wrong = await take(visitor, address, wanted.out / f"{name_of(door)}-{tail}.jpg")
                for one in [*wrong, *visitor.complaints]:
                    sys.stdout.write(f"{address} {tail}: {one}\n")
                visitor.complaints.clear()


async def main(wanted: Wanted) -> None:
    """Open a panel of its own and walk through it."""
    wanted.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        urls = sqlite_urls(folder)
        await asyncio.to_thread(migrate, *urls)
        microphone = babble(folder / "microphone.wav", 440.0)
        async with chromium(folder, microphone) as browser, site(urls, folder, browser) as running:
            await walk(running, wanted)


if __name__ == "__main__":
    asking = argparse.ArgumentParser(description=__doc__)
    asking.add_argument("--out", type=Path, default=OUT)
    asking.add_argument("--only", default="/")
    asking.add_argument("--schemes", default="light")
    asked = asking.parse_args()
    asyncio.run(main(Wanted(asked.out, asked.only, tuple(asked.schemes.split(",")))))
