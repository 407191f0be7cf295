"""Whoever may only look sees everything and is offered nothing to change; what they send all the same is refused."""

from __future__ import annotations

import pytest

from tenants.people.roles import Role
from tests.browser.panel.rig import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGES = (
    *("", "/persona", "/persona/words", "/persona/hours", "/persona/rules", "/persona/tools", "/persona/versions"),
    *("/knowledge", "/knowledge/entries", "/knowledge/products", "/knowledge/questions", "/voices", "/voices/words"),
    *("/avatars", "/connect", "/engines", "/inbox", "/insight"),
)
HIDDEN = ("/people", "/keys", "/webhooks", "/privacy", "/knowledge/entries/edit", "/voices/new")
CHANGES = ("/persona", "/knowledge/entries/save", "/voices/choose", "/connect/new/telegram", "/privacy/erase")
SAVING = "احفظ|حفظ|أضف|احذف|أنشئ|Save|Add|Delete"


@pytest.mark.parametrize(("language", "width"), [("ar", 390), ("en", 1280)])
async def test_a_viewer_looks_and_changes_nothing(house: Site, language: str, width: int) -> None:
    async with house.visitor(Role.VIEWER, language=language, width=width) as viewer:
        offered = {}
        for path in PAGES:
            assert await viewer.open(f"/t/demo{path}") == 200
            buttons = await viewer.page.get_by_role("button").all_inner_texts()
            saving = [one.strip() for one in buttons if one.strip() in SAVING.split("|")]
            if saving:
                offered[path] = saving
        assert offered == {}
        menu = await viewer.page.locator("nav.menu a").evaluate_all("all => all.map(one => one.pathname)")
        assert not {f"/admin/t/demo{path}" for path in HIDDEN} & set(menu)
        sent = """async (paths) => Promise.all(paths.map(async (path) => (await fetch(`/admin/t/demo${path}`, {
            method: "POST", headers: {"X-CSRF-Token": document.body.dataset.csrf}, body: new FormData()})).status))"""
        assert await viewer.page.evaluate(sent, list(CHANGES)) == [403] * len(CHANGES)
        for path in HIDDEN:
            assert await viewer.open(f"/t/demo{path}") == 403
        viewer.complaints.clear()  # browsers note by themselves that something was refused
