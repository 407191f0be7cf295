"""What a tenant may have, what others see of it, and what is left of it when it is removed: nothing."""

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import SQLModel

from errors import Impossible, NeedsOwner, Retryable, SawtakError
from tenants.documents import Quota
from tenants.models import CachedAnswer, DocumentState, Entry, Tenant
from tests.conftest import Floor
from tests.documents import files
from tests.documents.files import NOTE, SHEET
from tests.documents.plant import Plant, planted, rows
from tests.factories import make_account, make_conversation, make_message, make_tenant


@pytest.mark.parametrize(
    ("quota", "code"),
    [(Quota(documents=1), "quota-documents"), (Quota(bytes=100), "quota-bytes")],
)
async def test_quotas_on_the_way_in(database: Floor, tmp_path: Path, tenant: Tenant, quota: Quota, code: str) -> None:
    async with planted(database.db, tmp_path / "blobs", quota=quota) as plant:
        first = await plant.library.add_file(tenant.id, "a.txt", NOTE)
        with pytest.raises(NeedsOwner, match=code):
            await plant.library.add_file(tenant.id, "b.txt", NOTE + b"!")
        assert len(plant.files()) == 1
        await plant.library.add_file((await make_tenant(plant.db)).id, "a.txt", NOTE)
        await plant.library.replace(tenant.id, first.id, "b.txt", NOTE + b"!")
        await plant.library.remove(tenant.id, first.id)
        await plant.library.add_file(tenant.id, "b.txt", NOTE + b"!")


async def test_quotas_of_what_is_read(database: Floor, tmp_path: Path, tenant: Tenant) -> None:
    async with planted(database.db, tmp_path / "blobs", quota=Quota(pages=1, pieces=2)) as plant:
        sheets = await plant.library.add_file(tenant.id, "a.xlsx", files.workbook(A=[["a"]], B=[["b"]]))
        many = await plant.library.add_file(tenant.id, "faq.csv", SHEET + b"a,b\n")
        await plant.settle()
        assert (await plant.state(sheets)).error == "quota-pages"
        assert (await plant.state(many)).error == "quota-pieces"
        assert await rows(plant.db, Entry, many.id) == []
        used = await plant.library.used(tenant.id)
        assert (used.documents, used.pages, used.pieces) == (2, 1, 0)


async def test_removing_leaves_no_trace(plant: Plant, tenant: Tenant) -> None:
    marker = "سلحفاةبنفسجية"
    kept = await plant.library.add_file(tenant.id, "other.txt", NOTE)
    text = f"السؤال,الإجابة\nأين {marker}؟,هنا {marker}\n\nname,price\n"
    asked = await plant.library.add_file(tenant.id, f"{marker}.csv", text.encode())
    sold = await plant.library.add_file(tenant.id, "p.csv", f"name,price,notes\n{marker},5,{marker}\nx,6,\n".encode())
    told = await plant.library.add_file(tenant.id, "t.md", f"# {marker}\n\nنص عن {marker} طويل.".encode())
    await plant.settle()
    conversation = await make_conversation(plant.db, await make_account(plant.db, tenant))
    said = await plant.blobs.put(tenant.id, "voice", b"what a customer heard")
    await make_message(plant.db, conversation, blob=said, text="as said")
    spoken = await plant.blobs.put(tenant.id, "voice", marker.encode())
    for number, blob in enumerate((said, spoken, None)):
        await _cache(plant, tenant, str(number), marker, blob)
    assert marker in await _everything(plant)
    before = await plant.version(tenant)
    for document in (asked, sold, told):
        await plant.library.remove(tenant.id, document.id)
    assert marker not in await _everything(plant)
    assert await plant.version(tenant) > before
    left = {str(path.relative_to(plant.folder)) for path in plant.files()}
    assert left == {(await plant.state(kept)).blob, said}
    assert [call for call in plant.search.told if call[1] == told.id][-1][2] == 0
    with pytest.raises(Impossible, match="document-missing"):
        await plant.library.remove(tenant.id, told.id)


async def test_a_removal_cut_short_can_be_finished(plant: Plant, tenant: Tenant) -> None:
    added = await plant.library.add_file(tenant.id, "a.txt", NOTE)
    await plant.settle()
    plant.search.trouble = Retryable("search-down")
    with pytest.raises(Retryable):
        await plant.library.remove(tenant.id, added.id)
    assert [each.id for each in await plant.library.listing(tenant.id)] == [added.id]
    assert not await plant.librarian.once()
    plant.search.trouble = None
    await plant.library.remove(tenant.id, added.id)
    assert await plant.library.listing(tenant.id) == []
    assert plant.files() == []


async def test_another_tenants_documents_do_not_exist(plant: Plant, tenant: Tenant) -> None:
    added = await plant.library.add_file(tenant.id, "a.pdf", files.pdf())
    await plant.settle()
    stranger = (await make_tenant(plant.db)).id
    attempts = (
        plant.library.get(stranger, added.id), plant.library.approve(stranger, added.id),
        plant.library.edit(stranger, added.id, ["x"]), plant.library.remove(stranger, added.id),
        plant.library.refresh(stranger, added.id), plant.library.replace(stranger, added.id, "x.txt", b"x"),
    )  # fmt: skip
    for attempt in attempts:
        with pytest.raises(SawtakError) as refused:
            await attempt
        assert refused.value.code == "document-missing"
    assert await plant.library.listing(stranger) == []
    assert (await plant.library.used(stranger)).documents == 0
    assert (await plant.state(added)).state == DocumentState.APPROVAL
    assert len(plant.files()) == 1


async def _cache(plant: Plant, tenant: Tenant, key: str, text: str, blob: str | None) -> None:
    async with plant.db.tenant(tenant.id) as session:
        session.add(
            CachedAnswer(
                tenant_id=tenant.id, key=key, circumstances="c", question=text, language="ar", answer=text, blob=blob
            )
        )


async def _everything(plant: Plant) -> str:
    """Every value of every table, and every blob, as text."""
    found = [path.read_bytes().decode(errors="ignore") for path in plant.files()]
    async with plant.db.platform(reads=True) as session:
        for table in SQLModel.metadata.sorted_tables:
            found += [repr(tuple(row)) for row in await session.execute(select(table))]
    return "\n".join(found)
