"""Every page of the panel, in both languages, on a desk and on a phone: it opens, everybody can read it, it fits."""

from __future__ import annotations

import gettext
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from admin.frame.doors import Door, Open
from admin.frame.words import words
from admin.panel import doors
from tenants.people.roles import Role
from tests.browser.panel.furnished import NO_PAGES, Furnished, furnish
from tests.browser.panel.rig import LANGUAGES, WIDTHS, Site, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGES = {door.path: door for door in doors() if door.method == "GET" and not NO_PAGES.search(door.path)}


class Untranslated(gettext.NullTranslations):
    """Notes the words that were asked for in Arabic and are only there in English."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def gettext(self, message: str) -> str:
        if any(letter.isascii() and letter.isalpha() for letter in message):
            self.asked.add(message)
        return message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        self.asked.add(msgid2)
        return msgid1 if n == 1 else msgid2


@dataclass
class Walk:
    """Somebody for every kind of door, one browser context for each language."""

    site: Site
    furnished: Furnished
    stack: AsyncExitStack
    known: dict[tuple[str, str], Visitor] = field(default_factory=dict)

    async def visitor(self, door: Door, language: str) -> Visitor:
        """Who may pass this door."""
        who = door.may if door.may in {Open.ANYBODY, Open.HALF} else "admin"
        key = (who, language)
        if key not in self.known:
            role = None if who is Open.ANYBODY else Role.PLATFORM_ADMIN
            visiting = self.site.visitor(role, language=language, whole=who is not Open.HALF)
            self.known[key] = await self.stack.enter_async_context(visiting)
        return self.known[key]


@pytest.fixture(scope="module")
def untranslated() -> Iterator[Untranslated]:
    """Listens to every word that pages ask for in Arabic."""
    listening = Untranslated()
    last = words("ar")
    while last._fallback is not None:  # type: ignore[attr-defined]  # gettext's own, and there is no other way to its end
        last = last._fallback  # type: ignore[attr-defined]  # the same
    last.add_fallback(listening)
    yield listening
    last._fallback = None  # type: ignore[attr-defined]  # the same


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def walk(house: Site) -> AsyncIterator[Walk]:
    """A furnished panel."""
    async with AsyncExitStack() as stack:
        yield Walk(house, await furnish(house.panel), stack)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
async def test_a_page_opens_reads_and_fits(walk: Walk, untranslated: Untranslated, path: str, language: str) -> None:
    visitor = await walk.visitor(PAGES[path], language)
    address = walk.furnished.fill(path)
    untranslated.asked.clear()
    assert await visitor.open(address) == 200
    assert await visitor.page.locator("h1").count() == 1
    for width, height in WIDTHS.items():
        await visitor.page.set_viewport_size({"width": width, "height": height})
        assert (width, await visitor.wrong()) == (width, [])
    assert visitor.complaints == []
    assert language != "ar" or untranslated.asked == set()
