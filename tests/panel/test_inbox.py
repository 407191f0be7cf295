"""The inbox as colleagues visit it: list, conversation, deeds, files."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlmodel import col

from core_pipeline.desk import rows
from tenants.models import AuditEntry, Conversation, Turn, TurnStage
from tenants.people.roles import Role
from tests.factories import make_account, make_conversation, make_entry, make_message, make_tenant
from tests.panel.house import Panel, Visitor
from tests.panel.talks import INBOX, account_of, talked


async def test_the_list_shows_who_wrote_what(panel: Panel) -> None:
    conversation = await talked(panel)
    async with panel.visitor(Role.AGENT) as agent:
        page = await agent.get(INBOX)
    assert page.status_code == 200
    assert "سلمى" in page.text
    assert "عندكم كنافة؟" in page.text
    assert f"/inbox/{conversation.id}" in page.text


SEARCHES = {
    **dict.fromkeys(("كنافه", "كنافة", "سلمي", "2010000", "عندكم كنافه", "عندكم  كنافة؟"), True),
    **dict.fromkeys(("100%", "_", "كنافة عندكم", "عندكم كنافا"), False),
}


async def test_search_takes_letters_that_people_confuse_for_one(panel: Panel) -> None:
    await talked(panel, chat="201000000009")
    async with panel.visitor(Role.VIEWER) as viewer:
        pages = {typed: (await viewer.get(INBOX, params={"search": typed})).text for typed in SEARCHES}
    assert {typed: "عندكم كنافة؟" in page for typed, page in pages.items()} == SEARCHES


async def test_pages_follow_one_another_without_gaps(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "NEAR", 4)  # what is searched for is found near first, then everywhere
    account = await account_of(panel)
    for number in range(35):
        await talked(panel, name=f"customer-{number:02}", account=account)
    scripted = {"Accept": "application/json"}
    async with panel.visitor(Role.VIEWER) as viewer:
        for search in ("", "customer", "كنافه"):
            query = {"rest": 1, "search": search}
            first = (await viewer.get(INBOX, params=query, headers=scripted)).json()
            second = (await viewer.get(INBOX, params={**query, "after": first["next"]}, headers=scripted)).json()
            ids = [one["id"] for one in first["rows"] + second["rows"]]
            assert len(ids) == len(set(ids)) == 35
            assert second["next"] is None
        for search in ("customer-00", "customer-34"):
            found = (await viewer.get(INBOX, params={"rest": 1, "search": search}, headers=scripted)).json()
            assert len(found["rows"]) == 1


async def test_a_conversation_is_read_and_then_no_longer_new(panel: Panel) -> None:
    conversation = await talked(panel)
    async with panel.visitor(Role.VIEWER) as viewer:
        await viewer.get(f"{INBOX}/{conversation.id}")
        assert (await kept(panel, conversation)).unread == 1
    async with panel.visitor(Role.AGENT) as agent:
        page = await agent.get(f"{INBOX}/{conversation.id}")
    assert "Take over" in page.text
    assert (await kept(panel, conversation)).unread == 0


async def kept(panel: Panel, conversation: Conversation) -> Conversation:
    async with panel.db.platform(reads=True) as session:
        return await session.get_one(Conversation, conversation.id)


async def test_taking_over_handing_back_and_settling(panel: Panel) -> None:
    conversation = await talked(panel)
    path = f"{INBOX}/{conversation.id}"
    async with panel.visitor(Role.AGENT) as agent:
        taken = await agent.post(f"{path}/take")
        assert taken.status_code == 303
        here = await kept(panel, conversation)
        assert (here.mode, here.agent_id) == ("human", agent.person.id)
        assert "Hand back to the bot" in (await agent.get(path)).text
        await agent.post(f"{path}/hand-back")
        assert (await kept(panel, conversation)).mode == "bot"
        await agent.post(f"{path}/close")
        assert (await kept(panel, conversation)).closed_at is not None
        await agent.post(f"{path}/reopen")
        assert (await kept(panel, conversation)).closed_at is None
    async with panel.db.platform(reads=True) as session:
        done = (await session.scalars(select(AuditEntry).order_by(col(AuditEntry.id)))).all()
    assert [one.action for one in done] == ["inbox.take", "inbox.hand-back", "inbox.close", "inbox.reopen"]
    assert {one.person_id for one in done} == {agent.person.id}


async def test_a_second_colleague_is_told_who_answers(panel: Panel) -> None:
    conversation = await talked(panel)
    path = f"{INBOX}/{conversation.id}"
    async with panel.visitor(Role.AGENT) as first, panel.visitor(Role.AGENT) as second:
        await first.post(f"{path}/take")
        refused = await reply(second, path, "وأنا")
        assert refused.status_code == 409
        assert first.person.name in refused.text
        assert "وأنا" in refused.text
        assert (await second.post(f"{path}/take", {"over": "yes"})).status_code == 409
    async with panel.visitor(Role.OWNER) as owner:
        assert (await owner.post(f"{path}/take", {"over": "yes"})).status_code == 303
        assert (await kept(panel, conversation)).agent_id == owner.person.id


async def reply(visitor: Visitor, path: str, text: str, **more: Any) -> httpx.Response:
    return await visitor.post(f"{path}/reply", {"text": text, "nonce": "nonce-0001", "saw": "0", **more})


async def test_a_reply_stands_there_as_waiting_until_it_is_sent(panel: Panel) -> None:
    conversation = await talked(panel)
    path = f"{INBOX}/{conversation.id}"
    async with panel.visitor(Role.AGENT) as agent:
        for _ in range(2):
            assert (await reply(agent, path, "عندنا كنافة بالقشطة")).status_code == 303
        page = await agent.get(path)
    assert page.text.count("عندنا كنافة بالقشطة") == 1
    assert "ticks waiting" in page.text
    assert (await kept(panel, conversation)).agent_id == agent.person.id


async def test_no_words_of_a_customers_disturb_the_page(small_panel: Panel) -> None:
    for text in ("<!--between-->", "\x1e", "<script>alert(1)</script>", "{{ 7*7 }}"):
        conversation = await talked(small_panel, name=text, text=text)
    async with small_panel.visitor(Role.AGENT) as agent:
        page = await agent.get(f"{INBOX}/{conversation.id}")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert page.text.count('<li id="c') == 4


async def test_an_empty_reply_is_refused_and_what_was_typed_stays(small_panel: Panel) -> None:
    conversation = await talked(small_panel)
    path = f"{INBOX}/{conversation.id}"
    async with small_panel.visitor(Role.AGENT) as agent:
        empty = await reply(agent, path, "  ")
        longer = await reply(agent, path, "ن" * 4001)
        heard = await agent.post(f"{path}/listen", {"text": "أهلا"})
        silent = await agent.post(f"{path}/listen", {"text": " "}, headers={"Accept": "application/json, audio/ogg"})
    assert (empty.status_code, longer.status_code) == (422, 422)
    assert (heard.headers["content-type"], heard.content[:4]) == ("audio/ogg", b"OggS")
    assert (silent.status_code, silent.json()["code"]) == (422, "reply-empty")
    assert "ن" * 4001 in longer.text


async def test_notes_labels_and_colleagues(panel: Panel) -> None:
    conversation = await talked(panel)
    path = f"{INBOX}/{conversation.id}"
    async with panel.visitor(Role.AGENT) as agent, panel.visitor(Role.AGENT) as other:
        await agent.post(f"{path}/note", {"note": "زبونة قديمة"})
        await agent.post(f"{INBOX}/labels", {"name": "شكوى", "colour": "red"})
        wrong = await agent.post(f"{INBOX}/labels", {"name": "", "colour": "red"})
        assert wrong.status_code == 422
        page = await agent.get(path)
        label = re.search(r'name="label" value="(\w+)"', page.text)
        assert label is not None
        await agent.post(f"{path}/label", {"label": label[1]})
        await agent.post(f"{path}/assign", {"agent": other.person.id})
        stranger = await panel.person(Role.VIEWER)
        assert (await agent.post(f"{path}/assign", {"agent": stranger.id})).status_code == 422
        people = await agent.get(f"{INBOX}/people")
        page = await agent.get(path)
        found = await agent.get(INBOX, params={"label": label[1]})
        none = await agent.get(INBOX, params={"label": "0" * 32})
        await agent.post(f"{path}/label", {"label": label[1], "off": "yes"})
        await agent.post(f"{INBOX}/labels/{label[1]}/delete")
        gone = await agent.get(f"{INBOX}/labels")
    assert "زبونة قديمة" in page.text
    assert {one["id"] for one in people.json()["people"]} >= {agent.person.id, other.person.id}
    assert (await kept(panel, conversation)).agent_id == other.person.id
    assert "سلمى" in found.text
    assert "سلمى" not in none.text
    assert "شكوى" not in gone.text


async def test_a_viewer_reads_and_does_nothing(small_panel: Panel) -> None:
    conversation = await talked(small_panel)
    path = f"{INBOX}/{conversation.id}"
    async with small_panel.visitor(Role.VIEWER) as viewer:
        page = await viewer.get(path)
        deeds = (
            "take",
            "hand-back",
            "reply",
            "listen",
            "again",
            "drop",
            "note",
            "assign",
            "label",
            "close",
            "reopen",
            "read",
        )
        answers = [(await viewer.post(f"{path}/{deed}")).status_code for deed in deeds]
    assert "data-composer" not in page.text
    assert set(answers) == {403}


async def test_another_tenants_conversations_are_not_there(panel: Panel) -> None:
    other = await make_tenant(panel.db)
    foreign = await make_conversation(panel.db, await make_account(panel.db, other), last_kind="text", last_text="سر")
    secret = await make_message(panel.db, foreign, text="سر", blob=f"{other.id}/heard/abc")
    async with panel.visitor(Role.OWNER) as owner:
        for path in (f"/{foreign.id}", f"/file/{secret.id}", f"/wave/{secret.id}", "/why?turn=x", "/call/x"):
            found = await owner.get(f"{INBOX}{path}")
            assert found.status_code == 404, path
            assert "سر" not in found.text
        assert (await owner.post(f"{INBOX}/{foreign.id}/take")).status_code == 404
        assert foreign.id not in (await owner.get(INBOX, params={"search": "سر"})).text
    assert (await kept(panel, foreign)).mode == "bot"


async def test_files_come_by_links_of_ours_as_what_they_are(small_panel: Panel) -> None:
    conversation = await talked(small_panel)
    page = b"<html><script>alert(1)</script>"
    for data, mime in ((b"OggS" + b"\0" * 40, "audio/ogg"), (page, "application/octet-stream")):
        blob = await small_panel.house.blobs.put(small_panel.tenant.id, "heard", data)
        media = {"id": "x", "mime": "text/html"}
        message = await make_message(small_panel.db, conversation, kind="image", text=None, blob=blob, media=media)
        async with small_panel.visitor(Role.VIEWER) as viewer:
            link = await viewer.get(f"{INBOX}/file/{message.id}")
            assert link.status_code == 303
            assert link.headers["location"].startswith("/media/")
            file = await viewer.http.get(link.headers["location"])
        assert (file.content, file.headers["content-type"].partition(";")[0]) == (data, mime)
        assert file.headers["content-security-policy"].startswith("sandbox")


async def test_why_names_the_passages_and_the_bill(panel: Panel) -> None:
    conversation = await talked(panel)
    entry = await make_entry(panel.db, panel.tenant, question="When open?", answer="At ten.")
    turn = Turn(id="t:1", tenant_id=panel.tenant.id, conversation_id=conversation.id, citations=[entry.id, "gone"])
    async with panel.db.platform() as session:
        session.add(turn)
        await session.flush()
        session.add(
            TurnStage(tenant_id=panel.tenant.id, turn_id="t:1", name="answer", ms=120.0, cost=1500, engine="demo")
        )
    async with panel.visitor(Role.VIEWER) as viewer:
        page = await viewer.get(f"{INBOX}/why", params={"turn": "t:1"})
        part = await viewer.get(f"{INBOX}/why", params={"turn": "t:1"}, headers={"HX-Request": "true"})
    assert "At ten." in page.text
    assert "1 passage is no longer known." in page.text
    assert "$0.0015" in page.text
    assert "<html" not in part.text


async def test_arabic_pages_hold_no_english_of_ours(small_panel: Panel) -> None:
    account = await make_account(small_panel.db, small_panel.tenant, channel="whatsapp")
    conversation = await talked(small_panel, account=account)
    failed: dict[str, Any] = {"text": "أهلا", "direction": "out", "status": "failed", "author_id": "mona"}
    for error in ("131047 Re-engagement message", "media-unreadable: no sound", "999 Vendor says"):
        await make_message(small_panel.db, conversation, error=error, **failed)
    async with small_panel.visitor(Role.OWNER, language="ar") as owner:
        page = await owner.get(f"{INBOX}/{conversation.id}")
    for words in ("Take over", "Settled", "Search", "Write an answer", "Re-engagement", "no sound"):
        assert words not in page.text
    for words in ("ويسمح واتساب بالرد عندما يكتب", "لا نستطيع قراءة هذا التسجيل", "999 Vendor says"):
        assert words in page.text
