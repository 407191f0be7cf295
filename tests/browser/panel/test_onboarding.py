"""A shop owner sets up an assistant by themselves: from the first step to the first question answered aloud."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM

import pytest
from playwright.async_api import Page, expect

import app as roof
from channels import discover
from settings import Settings
from tenants import demo, directory
from tenants.models import AccessGrant, Person
from tenants.people import signed_in
from tenants.people.roles import Role
from tenants.schema import migrate
from tenants.seed import seed
from tests.browser.chromium import chromium
from tests.browser.panel.rig import WIDTHS, Visitor
from tests.browser.real import QUESTION, question
from tests.e2e.running import Running, environment
from webhooks.simulate import free_port

pytestmark = pytest.mark.timeout(240)

TELEGRAM = discover()["telegram"]
ANSWER = "نفتح يوم الجمعة بعد الصلاة."
PATIENCE = 30_000
EXPLAINED = {"ar": "يرفضه تيليجرام", "en": "Telegram refuses it"}
ALL_WELL = {"ar": "كل شيء سليم", "en": "All is well."}
CONNECT = {"ar": "اربط وافحص", "en": "Connect and check"}
SAVE = {"ar": "احفظ وافحص", "en": "Save and check"}
GO_ON = {"ar": "احفظ وتابع", "en": "Save and go on"}


@dataclass(frozen=True)
class Town:
    """A running platform whose Telegram is emulated, and a new business's owner by their sign-in."""

    address: str
    cookie: str


@asynccontextmanager
async def town(folder: Path) -> AsyncIterator[Town]:
    """The real server in a process of its own, with a business that has nothing yet."""
    settings = Settings(var=folder, port=free_port(), _env_file=None)
    migrate(settings.main_url, settings.inbox_url)
    async with roof.open_floor(settings) as floor:
        await seed(floor.db, demo.load())
        tenant_id = await directory.add(floor.db, "nour", "مطعم النور", "Nour")
        async with floor.db.platform() as session:
            person = Person(login="owner", name="Test owner")
            session.add(person)
            await session.flush()
            session.add(AccessGrant(person_id=person.id, tenant_id=tenant_id, role=Role.OWNER))
            cookie = await signed_in.begin(session, person.id, whole=True)
    async with TELEGRAM.emulate(TELEGRAM.demo) as vendor:
        known = {**environment(), "VAR": str(folder), "PORT": str(settings.port), "DRAIN_SECONDS": "0"}
        running = Running(settings, {**known, "TELEGRAM_API_URL": vendor.url})
        await running.start()
        try:
            yield Town(running.url, cookie)
        finally:
            await running.end(SIGTERM)


@asynccontextmanager
async def visiting(place: Town, folder: Path, language: str, width: int) -> AsyncIterator[Visitor]:
    """The owner's browser, before which they ask their question aloud."""
    async with chromium(folder, await question(folder / "question.wav", 0.5)) as browser:
        context = await browser.new_context(
            base_url=place.address, viewport={"width": width, "height": WIDTHS.get(width, 860)}
        )
        given = {"sawtak": place.cookie, "sawtak-language": language}
        await context.add_cookies([{"name": name, "value": one, "url": place.address} for name, one in given.items()])
        visitor = Visitor(context, await context.new_page())
        visitor.listen()
        yield visitor
        assert visitor.complaints == []


async def sends(page: Page, label: str) -> None:
    """Press the form's button and wait for the next page."""
    async with page.expect_navigation():
        await page.get_by_role("button", name=label, exact=True).click()


async def tells_of_the_business(page: Page, language: str) -> None:
    await page.goto("/admin/t/nour/start/business")
    await page.locator('input[name="trade"][value="restaurant"]').check()
    await page.fill("#f-phone", "+20 2 1234 5678")
    await sends(page, GO_ON[language])
    async with page.expect_navigation():
        await page.locator('button[name="choice"]').first.click()
    async with page.expect_navigation():
        await page.locator('button[name="choice"]').first.click()
    await page.fill("#f-question0", QUESTION)
    await page.fill("#f-answer0", ANSWER)
    await sends(page, GO_ON[language])
    assert page.url.endswith("/start/channel")


async def connects_with_a_wrong_token_and_puts_it_right(page: Page, visitor: Visitor, language: str) -> None:
    await page.locator('a[href*="/connect/new/telegram"]').click()
    await page.fill("#f-bot_token", "7000000001:not-the-token")
    await sends(page, CONNECT[language])
    await expect(page.locator(".check.bad")).to_contain_text(EXPLAINED[language], timeout=PATIENCE)
    await expect(page.locator(".check.bad .step")).to_contain_text("BotFather")
    assert await visitor.wrong() == []
    await page.fill("#f-bot_token", TELEGRAM.demo.secrets["bot_token"])
    await sends(page, SAVE[language])
    await expect(page.locator(".verdict")).to_contain_text(ALL_WELL[language], timeout=PATIENCE)
    assert TELEGRAM.demo.secrets["bot_token"] not in await page.content()


async def is_answered_aloud(page: Page) -> None:
    await page.goto("/admin/t/nour/start/talk")
    widget = page.locator("voice-mic")
    mic, card = widget.locator("[part~=mic]"), widget.locator("[part~=card]")
    await mic.click()
    await expect(card).to_have_attribute("data-state", "hearing", timeout=PATIENCE)
    await asyncio.sleep(3.5)  # the question is spoken
    await mic.click()
    await expect(card).to_have_attribute("data-state", "speaking", timeout=PATIENCE)
    await expect(widget.locator("[part~=answer]").last).to_contain_text(ANSWER, timeout=PATIENCE)


@pytest.mark.parametrize(("language", "width"), [("ar", 390), ("en", 1280)])
async def test_from_the_first_step_to_the_first_answer_aloud(tmp_path: Path, language: str, width: int) -> None:
    var, folder = tmp_path / "var", tmp_path / "browser"
    var.mkdir()
    folder.mkdir()
    async with town(var) as place, visiting(place, folder, language, width) as visitor:
        page = visitor.page
        await tells_of_the_business(page, language)
        await connects_with_a_wrong_token_and_puts_it_right(page, visitor, language)
        await is_answered_aloud(page)
        await page.goto("/admin/t/nour/start")
        # three answers, or a document: one was enough to talk, and the wizard says what is open
        assert await page.locator("li.card .tag.good").count() == 5
