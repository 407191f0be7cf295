"""Voices and avatars as people use them: a voice made with consent and revoked, points of a face moved by keys."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from tenants.people.roles import Role
from tests.browser.panel.rig import Site, Visitor
from tests.cloning.people import MAN, PAGE, note, say
from tests.faces.photo_drawn import png, portrait

pytestmark = [pytest.mark.asyncio(loop_scope="module")]
PATIENCE = 60_000


@pytest_asyncio.fixture(loop_scope="module")
async def tts() -> AsyncIterator[EspeakTts]:
    engine = EspeakTts(EspeakConfig())
    yield engine
    await engine.close()


async def fine(visitor: Visitor) -> None:
    assert await visitor.wrong() == []


async def upload(page: Page, field: str, name: str, data: bytes, kind: str) -> None:
    await page.locator(f"input[type=file][name={field}]").first.set_input_files(
        {"name": name, "mimeType": kind, "buffer": data}
    )


async def test_a_voice_is_made_with_consent_heard_and_revoked(house: Site, tts: EspeakTts) -> None:
    async with house.visitor(Role.EDITOR, language="ar", width=390) as visitor:
        page = visitor.page
        await visitor.open("/t/demo/voices")
        await fine(visitor)
        await page.get_by_role("link", name="أنشئ صوتا خاصا بك").click()
        await fine(visitor)
        await page.get_by_label("ماذا تسمي الصوت").fill("صوت خالد")
        await page.get_by_label("صاحب الصوت يعلم بهذا ويوافق عليه.").check()
        await upload(page, "recording", "short.ogg", note(await say(tts, "أهلا بكم", MAN)), "audio/ogg")
        await page.get_by_role("button", name="افحص العينة").click()
        await expect(page.locator("[data-telling] [data-said]")).to_contain_text("عشر ثوان", timeout=PATIENCE)
        await upload(page, "recording", "sample.ogg", note(await say(tts, PAGE, MAN)), "audio/ogg")
        await page.get_by_role("button", name="افحص العينة").click()
        await expect(page.get_by_label("اسم صاحب الصوت")).to_be_visible(timeout=PATIENCE)
        await fine(visitor)
        await page.get_by_label("اسم صاحب الصوت").fill("خالد يوسف")
        await page.get_by_role("button", name="اعرض الجملة للقراءة").click()
        sentence = await page.locator("#read .sentence").inner_text()
        assert "خالد يوسف" in sentence
        await fine(visitor)
        await upload(page, "recording", "read.ogg", note(await say(tts, sentence, MAN)), "audio/ogg")
        await page.get_by_role("button", name="أرسل القراءة").click()
        await expect(page.get_by_text("الصوت جاهز.", exact=False).first).to_be_visible(timeout=PATIENCE)
        await fine(visitor)
        await page.get_by_role("button", name="اسحب هذا الصوت").click()
        await page.get_by_role("dialog").get_by_role("button", name="اسحب هذا الصوت").click()
        await expect(page.get_by_text("سُحب الصوت", exact=False)).to_be_visible(timeout=PATIENCE)


async def test_the_microphone_makes_a_sample(house: Site) -> None:
    async with house.visitor(Role.EDITOR, language="en") as visitor:
        page = visitor.page
        await visitor.open("/t/demo/voices/new")
        await page.get_by_label("What you call the voice").fill("Nobody")
        await page.get_by_label("The owner of the voice knows about this and agrees.").check()
        await page.get_by_role("button", name="Record the sample").click()
        await expect(page.locator("[data-recorder] [data-time]")).to_contain_text("0:02", timeout=PATIENCE)
        await page.get_by_role("button", name="Record the sample").click()
        await expect(page.locator("[data-recorder] audio[data-heard]")).to_be_visible()
        await page.get_by_role("button", name="Check the sample").click()
        # A tone that comes and goes for two seconds is no voice: the verdict says what to do.
        told = page.locator("[data-telling] [data-said][data-bad]")
        await expect(told).to_contain_text("Record at least ten seconds", timeout=PATIENCE)


async def test_a_word_is_added_and_a_sentence_heard(house: Site) -> None:
    async with house.visitor(Role.EDITOR, language="en", width=390) as visitor:
        page = visitor.page
        await visitor.open("/t/demo/voices/words")
        await fine(visitor)
        await page.get_by_label("As it is written: new word").fill("كشري")
        await page.get_by_label("As it is spoken: new word").fill("كُشَرِي")
        await page.get_by_role("button", name="Add: new word").click()
        await expect(page.get_by_label("As it is spoken: كشري")).to_have_value("كُشَرِي")
        async with page.expect_response("**/words/hear") as heard:
            await page.get_by_role("button", name="Hear after: كشري").click()
        assert (await (await heard.value).header_value("content-type")) == "audio/ogg"
        await fine(visitor)
        await visitor.open("/t/demo/voices")
        await page.get_by_label("Your sentence", exact=True).first.fill("الكشري جاهز")
        await page.get_by_role("button", name="Say it").click()
        await expect(page.locator("[data-sound]")).to_be_visible(timeout=PATIENCE)


async def test_points_of_a_face_are_moved_by_keys_and_by_hand(house: Site) -> None:
    picture, points = portrait()
    async with house.visitor(Role.EDITOR, language="en") as visitor:
        page = visitor.page
        await visitor.open("/t/demo/avatars")
        await fine(visitor)
        await page.get_by_role("link", name="Bring an avatar").click()
        await fine(visitor)
        await page.get_by_label("Name in Arabic").fill("خالد")
        await page.get_by_label("Name in English").fill("Khalid")
        await upload(page, "picture", "p.png", png(picture), "image/png")
        await page.get_by_role("button", name="Send the picture").click()
        chin = page.get_by_role("button", name="Lowest place of the chin")
        await expect(chin).to_be_visible(timeout=PATIENCE)
        await fine(visitor)
        await page.get_by_text("The points as numbers").click()
        for name, (x, y) in points.items():
            await page.locator(f"input[name=x-{name}]").fill(f"{x:.1f}")
            await page.locator(f"input[name=y-{name}]").fill(f"{y:.1f}")
        verdict = page.locator("[data-verdict]")
        await expect(verdict).to_contain_text("can be animated", timeout=PATIENCE)
        down = page.locator("input[name=y-chin]")
        before = float(await down.input_value())
        await chin.focus()
        await page.keyboard.press("Shift+ArrowDown")
        await page.keyboard.press("ArrowUp")
        assert float(await down.input_value()) == pytest.approx(before + 9, abs=0.11)
        box = await chin.bounding_box()
        assert box is not None
        await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        await page.mouse.down()
        await page.mouse.move(box["x"] + box["width"] / 2, 5)
        await page.mouse.up()
        assert float(await down.input_value()) < before - 50
        await expect(verdict).to_contain_text("not where they belong", timeout=PATIENCE)
        await down.fill(f"{before:.1f}")
        await expect(verdict).to_contain_text("can be animated", timeout=PATIENCE)
        await page.get_by_role("button", name="Keep the points").click()
        await expect(page.get_by_label("Name of the person shown")).to_be_visible(timeout=PATIENCE)
        await fine(visitor)
