"""A shop owner shapes the bot: a new persona, what differs, back again, and questions that it answers aloud."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tenants.people.roles import Role
from tests.browser.chromium import chromium
from tests.browser.panel.rig import Site
from tests.browser.real import ANSWER, QUESTION, question

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATIENCE = 30_000
WHO = "أنت مضيف {business}.\nأجب باختصار."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """A browser before which somebody asks a question aloud."""
    folder = tmp_path_factory.mktemp("browser")
    async with chromium(folder, await question(folder / "question.wav", 0.5)) as running:
        yield running


@pytest.mark.parametrize("width", [1280, 390])
async def test_a_persona_is_written_compared_brought_back_and_tried(house: Site, width: int) -> None:
    async with house.visitor(Role.OWNER, width=width) as owner:
        page = owner.page
        await owner.open("/t/demo/persona")
        await page.get_by_label("بالعربية", exact=True).fill(f"{WHO} {{busines}}")
        await page.get_by_label("النبرة").select_option("warm")
        await page.get_by_role("button", name="احفظ").click()
        await expect(page.locator(".error").first).to_contain_text("business")
        assert await owner.wrong() == []
        await page.get_by_label("بالعربية", exact=True).fill(WHO)
        await page.get_by_label("ماذا غيّرت؟").fill(f"عرض {width}")
        await page.get_by_role("button", name="احفظ").click()
        await expect(page.locator(".said")).to_contain_text("تم الحفظ")
        await page.get_by_role("link", name="النسخ").click()
        await expect(page.locator("tbody tr").first).to_contain_text(f"عرض {width}")
        await page.locator("tbody tr a").first.click()
        await expect(page.locator("ins").filter(has_text="أجب باختصار.")).to_be_visible()
        assert await owner.wrong() == []
        before = int((page.url.rstrip("/").rpartition("/"))[2]) - 1
        await owner.open(f"/t/demo/persona/versions/{before}")
        await page.get_by_role("button", name="استرجع هذه النسخة").click()
        await expect(page.locator(".said")).to_contain_text("عادت النسخة")
        await owner.open("/t/demo/persona")
        await expect(page.get_by_label("بالعربية", exact=True)).to_have_value("")


async def test_a_question_in_arabic_is_answered_rightly_and_aloud(house: Site) -> None:
    async with house.visitor(Role.OWNER) as owner:
        page = owner.page
        await owner.open("/t/demo/try")
        await page.get_by_label("سؤالك").fill("كم رسوم التوصيل؟")
        await page.get_by_role("button", name="اسأل", exact=True).click()
        await expect(page.locator("[data-answer]")).to_contain_text("رسوم التوصيل 30 جنيه", timeout=PATIENCE)
        await expect(page.locator(".persona-passages li").first).to_contain_text("مستعمل")
        assert await seconds_spoken(page) > 1
        assert await owner.wrong() == []


async def test_a_question_that_is_recorded_is_heard_and_answered_aloud(house: Site) -> None:
    async with house.visitor(Role.OWNER, width=390) as owner:
        page = owner.page
        await owner.open("/t/demo/try")
        record = page.get_by_role("button", name="سجّل سؤالا")
        await record.click()
        await expect(record).to_have_attribute("aria-pressed", "true")
        await expect(page.locator("[data-recorder] [data-time]")).to_contain_text("0:03", timeout=PATIENCE)
        await record.click()
        await expect(page.locator("[data-recorder] audio[data-heard]")).to_be_visible()
        await page.get_by_role("button", name="اسأل", exact=True).click()
        await expect(page.locator("[data-heard-text]")).to_have_text(QUESTION, timeout=PATIENCE)
        await expect(page.locator("[data-answer]")).to_contain_text(ANSWER)
        await expect(page.locator(".persona-passages li").first).to_contain_text("مستعمل")
        await expect(page.get_by_role("row", name="السماع")).to_be_visible()
        assert await seconds_spoken(page) > 1
        assert await owner.wrong() == []


async def seconds_spoken(page: Page) -> float:
    """Play the answer; how long it is."""
    await page.locator("[data-answer] [data-play]").click()
    return float(
        await page.evaluate(
            """async () => {
                const audio = document.querySelector("[data-answer] audio");
                if (!(audio.duration > 0)) await new Promise((done) => audio.addEventListener("loadedmetadata", done));
                return audio.duration;
            }"""
        )
    )
