"""What a visitor of a page heard and saw, and when, read back from `witness.js`; times are seconds of its clock."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.async_api import Page

from core_pipeline.contracts.engines import Pcm

SCRIPT = Path(__file__).with_name("witness.js")
AUDIBLE = 0.05  # of 1
# A loudspeaker takes ten milliseconds every ten, though not to the moment; more than this it has missed.
_MISSED = 0.03


@dataclass(frozen=True)
class Listened:
    """What was heard: sound from `began` on."""

    began: float
    sound: Pcm


@dataclass(frozen=True)
class Glance:
    """What was seen at a moment within a box of a picture that is `width` pixels wide, in RGB."""

    at: float
    width: int
    picture: NDArray[np.uint8]


class Witness:
    """Notes what happens on a page that is opened after `begin`."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._box: tuple[int, int, int, int] | None = None
        self._begun = False

    async def begin(self) -> None:
        """Watch every page that is opened from now on."""
        if not self._begun:
            self._begun = True
            await self._page.add_init_script(path=SCRIPT)

    async def look_at(self, box: tuple[int, int, int, int]) -> None:
        """Keep what is seen in this box (left, top, width, height) of every moving picture from now on."""
        self._box = box
        await self._page.evaluate("(box) => { witness.note.box = box; }", list(box))

    async def events(self, name: str) -> list[dict[str, Any]]:
        """What the component told the page of this kind."""
        found: list[dict[str, Any]] = await self._page.evaluate(
            "(name) => witness.note.events.filter((one) => one.name === name).map(({ detail }) => detail)", name
        )
        return found

    async def audible(self, seconds: float = 0.3, timeout: float = 30.0) -> None:
        """Return once so much sound was played since this was asked."""
        loud = "witness.note.heard.flat().filter(({ loud, stamp }) => loud > %f && stamp > %f).length"
        since = await self._page.evaluate("performance.now()")
        async with asyncio.timeout(timeout):
            while await self._page.evaluate(loud % (AUDIBLE, since)) < seconds * 100 / 2:
                await asyncio.sleep(0.05)

    async def now(self) -> float:
        """The page's time."""
        return float(await self._page.evaluate("performance.now()")) / 1000

    async def heard(self, since: float = 0.0) -> Listened:
        """What came from the source that began last, since then."""
        told = await self._page.evaluate("witness.sound()")
        rate, whole = told["rate"], np.frombuffer(b64decode(told["pcm"]), "<i2")
        began, laid, at = told["stamps"][0][0] / 1000, bytearray(), 0
        for stamp, size in told["stamps"]:
            missed = stamp / 1000 - began - len(laid) / 2 / rate
            if missed > _MISSED:
                laid += bytes(2 * round(missed * rate))
            laid += whole[at : at + size].tobytes()
            at += size
        before = max(0, round((since - began) * rate))
        return Listened(began + before / rate, Pcm(bytes(laid[2 * before :]), rate))

    async def seen(self) -> list[Glance]:
        """What was seen in the box."""
        assert self._box is not None
        shape = self._box[3], self._box[2], 4
        told = await self._page.evaluate("witness.pictures()")
        pixels = [np.frombuffer(b64decode(one["rgba"]), np.uint8).reshape(shape)[..., :3] for one in told]
        return [Glance(one["at"] / 1000, one["width"], rgb) for one, rgb in zip(told, pixels, strict=True)]

    async def pictures(self) -> tuple[int, float]:
        """How many moving pictures were presented, and in how many seconds."""
        first, last = await self._page.evaluate("[witness.note.seen[0], witness.note.seen.at(-1)]")
        return last["number"] - first["number"], (last["at"] - first["at"]) / 1000
