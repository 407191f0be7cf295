"""A shop owner looks after what the bot knows: a file to be approved, a question that nobody had answered."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from core_pipeline.knowledge.documents.stacks import open_stacks, whole_index
from tenants import open_questions
from tenants.people.roles import Role
from tests.browser.panel.rig import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")

# As old programs write Arabic: each line from its end to its beginning.
LINES = (
    "رسوم التوصيل إلى مدينة نصر أربعون جنيها",
    "نفتح كل يوم من الساعة العاشرة صباحا حتى منتصف الليل",
    "يمكن الدفع نقدا أو بالبطاقة عند الاستلام",
)
FEES = "كم رسوم التوصيل إلى مدينة نصر؟"
PETS = "هل تسمحون بدخول القطط؟"


async def test_an_upload_is_approved_and_found(house: Site, tmp_path: Path) -> None:
    file = tmp_path / "fees.txt"
    file.write_text("\n".join(line[::-1] for line in LINES), encoding="utf-8")
    panel = house.panel
    index = whole_index(panel.house.shelf.sync)
    async with open_stacks(panel.db, panel.house.blobs, index) as stacks, house.visitor(Role.OWNER) as owner:
        await owner.open("/t/demo/knowledge")
        await owner.page.set_input_files("#files", file)
        await owner.page.get_by_role("button", name="ارفع", exact=True).click()
        await expect(owner.page.locator(".sending .good")).to_be_visible()
        await expect(owner.page.locator("#documents")).to_contain_text("في الانتظار")
        assert await stacks.librarian.once()
        await expect(owner.page.locator("#documents")).to_contain_text("ينتظر موافقتك")
        assert await owner.wrong() == []
        await owner.page.get_by_role("link", name="راجعه").click()
        await expect(owner.page.locator(".paper")).to_contain_text("مدينة نصر أربعون جنيها")
        await owner.page.get_by_role("button", name="أوافق").click()
        await owner.page.wait_for_load_state()
        assert await stacks.librarian.once()
        await owner.open("/t/demo/knowledge/search")
        await owner.page.get_by_role("searchbox").fill(FEES)
        await owner.page.get_by_role("button", name="ابحث").click()
        found = owner.page.locator("#found")
        await expect(found).to_contain_text("أربعون جنيها")
        await expect(found).to_contain_text("النص الأول يجيب")
        assert await owner.wrong() == []


async def test_an_open_question_is_answered_and_a_row_is_edited_in_its_place(house: Site) -> None:
    panel = house.panel
    async with panel.db.tenant(panel.tenant.id) as session:
        await open_questions.record(session, "t", PETS, "تسمح دخول قطط", "ar")
    async with house.visitor(Role.EDITOR, language="en", width=390) as editor:
        await editor.open("/t/demo/knowledge/questions")
        await editor.page.get_by_role("listitem").filter(has_text=PETS).get_by_role("link", name="Answer now").click()
        await editor.page.locator("[name=answer_ar]").fill("نعم، القطط مرحب بها.")
        assert await editor.wrong() == []
        await editor.page.get_by_role("button", name="Save the answer").click()
        await expect(editor.page.get_by_text("the bot answers this from now on")).to_be_visible()
        await editor.open("/t/demo/knowledge/entries?q=القطط")
        row = editor.page.locator("li.fact")
        await row.get_by_role("link", name="Edit").click()
        await row.locator("[name=answer_ar]").fill("")
        await row.get_by_role("button", name="Save").click()
        await expect(row.locator(".error")).to_have_text("This is needed.")
        await row.locator("[name=answer_ar]").fill("لا، نعتذر.")
        await row.get_by_role("button", name="Save").click()
        await expect(row.locator(".answer")).to_have_text("لا، نعتذر.")
        assert await editor.wrong() == []
        await row.get_by_role("button", name="Delete").click()
        await row.get_by_role("button", name="Undo").click()
        await expect(row.locator(".answer")).to_have_text("لا، نعتذر.")
    [first, *_] = await panel.house.shelf.search(panel.tenant.id, PETS, "ar")
    assert first.answer == "لا، نعتذر."
