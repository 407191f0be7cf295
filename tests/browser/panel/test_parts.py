"""What scripts add to the parts of pages, on a page that has each part once."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader
from playwright.async_api import Browser, Page, expect
from starlette.responses import Response

from admin import panel as whole
from admin.frame import drawing
from admin.frame.doors import Door, Open
from admin.frame.visit import Visit
from tenants.people.roles import Role
from tests.browser.panel.rig import LANGUAGES, WIDTHS, Site, site
from tests.browser.paper import wav
from tests.conftest import sqlite_urls

pytestmark = pytest.mark.asyncio(loop_scope="module")

SENT: list[dict[str, Any]] = []


async def gallery(visit: Visit) -> Response:
    return visit.page("gallery.html")


async def take(visit: Visit) -> Response:
    """Note what was sent; answer a script in its own way."""
    form = await visit.form()
    SENT.append(
        {name: one if isinstance(one, str) else (one.filename, len(await one.read())) for name, one in form.items()}
    )
    if "json" in visit.request.headers.get("accept", ""):
        return visit.json({"error": "not this one"}, 422) if "file" in form else visit.json({"go": "/admin/parts?sent"})
    return visit.go("/admin/parts", "Sent.")


async def sound(_: Visit) -> Response:
    return Response(wav(8.0), media_type="audio/wav", headers={"Accept-Ranges": "bytes"})


@pytest.fixture(scope="module")
def with_gallery() -> Iterator[None]:
    """The panel with one more page."""
    doors, loader = whole.doors, drawing._loader
    more = [Door("GET", "/parts", Open.SIGNED_IN, gallery), Door("POST", "/parts", Open.SIGNED_IN, take)]
    more.append(Door("GET", "/parts.wav", Open.SIGNED_IN, sound))

    def loading() -> BaseLoader:
        return ChoiceLoader([loader(), FileSystemLoader("tests/browser/panel")])

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(whole, "doors", lambda: [*doors(), *more])
        patched.setattr(drawing, "_loader", loading)
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shown(
    with_gallery: None, sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> AsyncIterator[Site]:
    folder = tmp_path_factory.mktemp("gallery") / "databases"
    shutil.copytree(sqlite_template, folder)
    async with site(sqlite_urls(folder), folder, browser) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def page(shown: Site) -> AsyncIterator[Page]:
    """The page of all parts, in English; ends with an error when its console had one."""
    SENT.clear()
    async with shown.visitor(Role.OWNER, language="en") as visitor:
        await visitor.open("/parts")
        yield visitor.page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_part_can_be_read_and_fits(shown: Site, language: str, width: int, scheme: str) -> None:
    async with shown.visitor(Role.OWNER, language=language, width=width, color_scheme=scheme) as visitor:
        assert await visitor.open("/parts") == 200
        assert await visitor.wrong() == []


async def test_one_sound_plays_at_a_time_and_swaps_leave_it_alone(page: Page) -> None:
    await page.evaluate("document.querySelectorAll('audio').forEach((one) => (one.src = '/admin/parts.wav'))")
    first, second = page.locator("[data-player]").nth(0), page.locator("[data-player]").nth(1)
    await first.get_by_role("button").click()
    await expect(first.get_by_role("button", name="Pause")).to_be_visible()
    await second.get_by_role("button").click()
    await expect(first.get_by_role("button", name="Play")).to_be_visible()
    await expect(second.locator(".wave .on").first).to_be_attached()
    # An update of the part of the page in which it stands brings the server's own idea of it.
    await page.evaluate("htmx.ajax('GET', '/admin/parts', {target: 'main', select: 'main > *', swap: 'innerMorph'})")
    await page.wait_for_load_state("networkidle")
    assert not await second.locator("audio").evaluate("(one) => one.paused")


async def test_what_can_not_be_undone_is_asked_first(page: Page) -> None:
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert SENT == []
    await page.get_by_role("button", name="Delete").click()
    async with page.expect_navigation():
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    assert len(SENT) == 1


async def test_an_upload_tells_what_is_wrong_with_it(page: Page) -> None:
    await page.locator("[data-upload] input").set_input_files(
        {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"x" * 9}
    )
    await expect(page.locator("[data-upload] [data-said]")).to_have_text("not this one")
    assert SENT == [{"file": ("a.pdf", 9)}]


async def test_a_recording_goes_into_the_form_around_it(page: Page) -> None:
    await page.evaluate(
        "document.querySelector('form[data-guarded]').append(document.querySelector('[data-recorder]'))"
    )
    await page.get_by_role("button", name="Record").click()
    await expect(page.locator("[data-recorder] meter")).to_be_visible()
    await expect(page.locator("[data-time]")).to_have_text("0:01")
    await page.get_by_role("button", name="Record").click()
    await expect(page.locator("[data-recorder] audio")).to_be_visible()
    async with page.expect_navigation():
        await page.locator("form[data-guarded]").evaluate(
            "(form) => { form.enctype = 'multipart/form-data'; form.requestSubmit(); }"
        )
    name, size = SENT[0]["note"]
    assert name == "note.webm"
    assert size > 1000


async def test_unsaved_work_is_not_left_without_a_word(page: Page) -> None:
    asked: list[str] = []

    async def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        await dialog.accept()

    page.on("dialog", stay)
    await page.get_by_label("Name of the shop").fill("Nile")
    await page.goto("/admin/parts")
    assert asked == ["beforeunload"]


async def test_the_first_wrong_field_has_the_focus_and_letters_are_counted(page: Page) -> None:
    await expect(page.get_by_label("Phone number")).to_be_focused()
    await page.get_by_label("Instructions").fill("12345")
    await expect(page.locator(".count")).to_have_text("5 / 40")


async def test_the_menu_slides_in_on_a_phone(shown: Site) -> None:
    async with shown.visitor(Role.OWNER, language="ar", width=390) as visitor:
        await visitor.open("/t/demo")
        menu = visitor.page.locator("#menu")
        await expect(menu).to_be_hidden()
        await visitor.page.locator(".open-menu").click()
        await expect(menu).to_be_visible()
        assert await visitor.wrong() == []
        await visitor.page.keyboard.press("Escape")
        await expect(menu).to_be_hidden()
