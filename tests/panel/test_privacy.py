"""Owners decide what is kept, erase customers and take their data along."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

from sqlalchemy import func, select

from tenants import customers
from tenants.models import Contact, ContactIdentity, Tenant
from tenants.people.roles import Role
from tests.factories import make_account, make_contact, make_conversation, make_message, make_tenant
from tests.panel.house import Panel


async def known(panel: Panel, tenant: Tenant, name: str, number: str) -> Contact:
    contact = await make_contact(panel.db, tenant, name=name)
    async with panel.db.platform() as session:
        own = {"tenant_id": tenant.id, "contact_id": contact.id}
        session.add(ContactIdentity(kind="whatsapp_phone", value=number, **own))
    talk = await make_conversation(panel.db, await make_account(panel.db, tenant), contact_id=contact.id)
    await make_message(panel.db, talk, text=f"from {name}")
    return contact


async def test_a_customer_is_found_by_name_or_number(panel: Panel) -> None:
    mine = await known(panel, panel.tenant, "Mona 100%", "201000000077")
    await known(panel, await make_tenant(panel.db), "Mona elsewhere", "201000000078")
    async with panel.db.tenant(panel.tenant.id, reads=True) as session:
        for words in ("mona", "100%", "+2010000000", " 077 "):
            assert [one.id for one in await customers.search(session, words)] == [mine.id]
        for words in ("", "m", "M_na", "%%", "\0"):
            assert await customers.search(session, words) == []


async def test_an_owner_erases_a_customer(panel: Panel) -> None:
    gone = await known(panel, panel.tenant, "Mona", "201000000077")
    theirs = await known(panel, await make_tenant(panel.db), "Other", "201000000078")
    async with panel.visitor(Role.OWNER) as owner:
        found = await owner.get("/t/demo/privacy?words=mona")
        done = await owner.post("/t/demo/privacy/erase", {"contact": gone.id})
        foreign = await owner.post("/t/demo/privacy/erase", {"contact": theirs.id})
        after = await owner.get("/t/demo/privacy?words=mona")
    assert "201000000077" in found.text
    assert (done.status_code, foreign.status_code) == (303, 404)
    assert "201000000077" not in after.text
    async with panel.db.platform(reads=True) as session:
        left = select(func.count()).select_from(Contact).where(Contact.id.in_([gone.id, theirs.id]))  # type: ignore[attr-defined]  # a column
        assert await session.scalar(left) == 1


async def test_how_long_things_are_kept(panel: Panel) -> None:
    async with panel.visitor(Role.OWNER) as owner:
        given = {"keep_media_days": "30", "keep_words_days": "a year"}
        refused = await owner.post("/t/demo/privacy", given)
        kept = await owner.post("/t/demo/privacy", {**given, "keep_words_days": "365"})
    assert (refused.status_code, kept.status_code) == (422, 303)
    assert "a year" in refused.text
    async with panel.db.platform(reads=True) as session:
        policy = (await session.get_one(Tenant, panel.tenant.id)).policy
    assert (policy["keep_media_days"], policy["keep_words_days"]) == (30, 365)


async def test_the_archive_is_a_file_for_owners_only(small_panel: Panel) -> None:
    await known(small_panel, small_panel.tenant, "Mona", "201000000077")
    async with small_panel.visitor(Role.OWNER) as owner, small_panel.visitor(Role.EDITOR) as editor:
        made = await owner.post("/t/demo/privacy/archive")
        refused = await editor.post("/t/demo/privacy/archive")
    assert (made.status_code, refused.status_code) == (200, 403)
    with ZipFile(BytesIO(made.content)) as archive:
        assert b"from Mona" in archive.read("message.jsonl")
