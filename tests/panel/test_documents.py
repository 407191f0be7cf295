"""Documents of a business in the panel: uploaded, read, corrected, approved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core_pipeline.knowledge.documents.stacks import Stacks, open_stacks, whole_index
from tenants.models import Document, DocumentState
from tenants.people.roles import Role
from tests.panel.house import Panel

HERE = "/t/demo/knowledge"
PARTIAL = {"HX-Request": "true"}


def _hidden(page: str, name: str) -> str:
    return page.split(f'name="{name}" value="', 1)[1].split('"', 1)[0]


@asynccontextmanager
async def stacks_of(panel: Panel) -> AsyncIterator[Stacks]:
    """A worker's documents."""
    index = whole_index(panel.house.shelf.sync)
    async with open_stacks(panel.db, panel.house.blobs, index) as stacks:
        yield stacks


async def test_a_document_is_uploaded_read_and_found(panel: Panel) -> None:
    text = "# رسوم التوصيل\n\nرسوم التوصيل إلى مدينة نصر أربعون جنيها.".encode()
    async with panel.visitor(Role.EDITOR) as editor, stacks_of(panel) as stacks:
        sent = await editor.http.post(
            f"/admin{HERE}/documents",
            files={"file": ("رسوم.md", text)},
            headers={"X-CSRF-Token": editor.csrf, "Accept": "application/json"},
        )
        assert (sent.status_code, sent.json()) == (200, {"said": "Uploaded."})
        waiting = await editor.get(f"{HERE}/documents", headers=PARTIAL)
        assert "every 2s" in waiting.text
        assert await stacks.librarian.once()
        ready = await editor.get(f"{HERE}/documents", headers=PARTIAL)
        assert "every 2s" not in ready.text
        [row] = await stacks.library.listing(panel.tenant.id)
        assert row.state == DocumentState.READY
        tested = await editor.get(f"{HERE}/search", params={"q": "كم رسوم التوصيل إلى مدينة نصر؟"})
        assert "أربعون جنيها" in tested.text
        assert f"/documents/{row.id}" in tested.text
        page = await editor.get(f"{HERE}/documents/{row.id}")
        assert "Page 1 of the original" in page.text
        gone = await editor.post(f"{HERE}/documents/{row.id}/remove")
        assert gone.status_code == 303
        assert (await editor.get(f"{HERE}/documents/{row.id}")).status_code == 404
        for broken in (b"", b"%PDF-1.4 broken"):
            await editor.post(f"{HERE}/documents", files={"file": ("x.pdf", broken)})
        assert await stacks.librarian.once()
        failed = await editor.get(HERE)
        assert "The file is broken" in failed.text


async def test_a_mended_text_is_corrected_and_approved(small_panel: Panel) -> None:
    async with small_panel.db.tenant(small_panel.tenant.id) as session:
        pages = ["مواعيد العمل من التاسعة", "صفحة ثانية\n\n" + "سطر طويل. " * 2000]
        document = Document(
            tenant_id=small_panel.tenant.id,
            title="مواعيد",
            mime="application/pdf",
            sha256="a",
            state=DocumentState.APPROVAL,
            mended=True,
            pages=pages,
        )
        session.add(document)
    own = f"{HERE}/documents/{document.id}"
    async with small_panel.visitor(Role.EDITOR) as editor:
        second = await editor.get(f"{own}?page=2&part=2")
        assert "Page 2 of the original" in second.text
        assert "part 2 of 4" in second.text
        first = await editor.get(own)
        typed = {"page": "1", "shown": _hidden(first.text, "shown"), "text": "مواعيد العمل من العاشرة"}
        assert (await editor.post(f"{own}/text", typed)).status_code == 303
        late = await editor.post(f"{own}/text", typed)
        assert (late.status_code, "من العاشرة" in late.text) == (409, True)
        assert (await editor.post(f"{own}/approve")).status_code == 303
        again = await editor.post(f"{own}/approve")
        assert again.status_code == 409
        assert (await editor.post(f"{own}/refresh")).status_code == 422
    async with small_panel.db.tenant(small_panel.tenant.id, reads=True) as session:
        kept = await session.get_one(Document, document.id)
    assert (kept.state, kept.pages[0]) == (DocumentState.INDEXING, "مواعيد العمل من العاشرة")
