"""Conversations by the API: the same deeds as in the panel, by whoever has a key for them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from core_pipeline.contracts.engines import Saying
from core_pipeline.tryout.listening import MOST, WITHIN
from tenants import pronunciations
from tenants.models import AuditEntry, ChannelAccount, Conversation, now
from tests.api.town import Town
from tests.factories import make_account, make_conversation, make_message, make_tenant
from webhooks.api.accounts import OwnAccounts, own_channel

HERE = "/conversations"


async def talked(town: Town, **fields: Any) -> Conversation:
    """A conversation on our own channel with one question in it."""
    known = await OwnAccounts(town.needs.book, own_channel()).of(town.tenant.id)
    async with town.db.platform(reads=True) as session:
        account = await session.get_one(ChannelAccount, known.id)
    shown = {
        "last_text": "كم السعر؟",
        "last_kind": "text",
        "last_direction": "in",
        "last_at": now(),
        "address": {"visitor": "v1"},
    }
    conversation = await make_conversation(town.db, account, **{**shown, "unread": 1, **fields})
    await make_message(town.db, conversation, text="كم السعر؟")
    return conversation


async def test_conversations_are_listed_and_read(town: Town) -> None:
    conversation = await talked(town)
    page = (await town.get(HERE)).json()
    assert [one["id"] for one in page["conversations"]] == [conversation.id]
    assert page["next"] is None
    thread = (await town.get(f"{HERE}/{conversation.id}")).json()
    assert [(one["speaker"], one["text"]) for one in thread["messages"]] == [("customer", "كم السعر؟")]
    assert thread["conversation"]["mode"] == "bot"
    for query in ({"search": "السعر"}, {"state": "unread"}, {"channel": "web"}, {"language": "ar"}, {"search": "%"}):
        found = (await town.get(HERE, params=query)).json()["conversations"]
        assert len(found) == (0 if query in ({"language": "ar"}, {"search": "%"}) else 1), query


async def test_a_reply_is_sent_once_and_told(town: Town) -> None:
    conversation = await talked(town)
    async with town.working():
        for _ in range(2):
            key, said = {"Idempotency-Key": "one"}, {"text": "بمئة جنيه"}
            told = await town.post(f"{HERE}/{conversation.id}/reply", headers=key, json=said)
            assert told.status_code == 202
        other = await town.post(f"{HERE}/{conversation.id}/reply", headers=key, json={"text": "بمئتين"})
        assert (other.status_code, other.json()["code"]) == (422, "repeat-differs")
        async with asyncio.timeout(20):
            while not (sent := await colleagues(town, conversation)) or sent[0]["state"] == "waiting":
                await asyncio.sleep(0.05)
    assert [(one["text"], one["state"]) for one in sent] == [("بمئة جنيه", "sent")]
    after = (await town.get(f"{HERE}/{conversation.id}")).json()["conversation"]
    assert after["mode"] == "human"
    assert after["agent"].startswith("api:")
    assert (await town.get(HERE, params={"state": "mine"})).json()["conversations"][0]["id"] == conversation.id


async def test_an_answer_is_heard_before_it_is_sent(small_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town, said, speak = small_town, list[str](), small_town.engines.speak

    def listening(saying: Saying) -> Any:
        said.append(saying.text)
        return speak(saying)

    monkeypatch.setattr(town.engines, "speak", listening)
    conversation = await talked(town)
    path = f"{HERE}/{conversation.id}/listen"
    async with town.db.tenant(town.tenant.id) as session:
        await pronunciations.add(session, "ar", "كنافة", "كُنافَة")
    for number in range(MOST):
        heard = await town.post(path, json={"text": f"عندنا كنافة {number}"})
        assert (heard.status_code, heard.headers["content-type"], heard.content[:4]) == (200, "audio/ogg", b"OggS")
    assert "كُنافَة" in said[-1]
    often = await town.post(path, json={"text": "وأيضا"})
    assert (often.status_code, often.json()["code"]) == (429, "listen-wait")
    assert 0 < int(often.headers["retry-after"]) <= WITHIN
    assert (await town.post(path, json={"text": " "})).status_code == 422
    assert (await town.post(f"{HERE}/{'0' * 32}/listen", json={"text": "أ"})).status_code == 404
    after = (await town.get(f"{HERE}/{conversation.id}")).json()
    assert (len(after["messages"]), after["conversation"]["mode"]) == (1, "bot")


async def colleagues(town: Town, conversation: Conversation) -> list[dict[str, Any]]:
    thread = (await town.get(f"{HERE}/{conversation.id}")).json()
    return [one for one in thread["messages"] if one["speaker"] == "colleague"]


async def test_deeds_are_done_and_audited(town: Town) -> None:
    conversation = await talked(town)
    path = f"{HERE}/{conversation.id}"
    assert (await town.post(f"{path}/take", json={})).json()["mode"] == "human"
    assert (await town.post(f"{path}/hand-back", json={})).json()["mode"] == "bot"
    assert (await town.post(f"{path}/notes", json={"text": "زبون قديم"})).status_code == 201
    label = (await town.post("/labels", json={"name": "شكوى", "colour": "red"})).json()
    address = f"/api/v1{path}/labels/{label['id']}"
    assert (await town.http.put(address, headers=town.bearer())).status_code == 204
    assert (await town.get(path)).json()["conversation"]["labels"] == [label]
    assert (await town.http.delete(address, headers=town.bearer())).status_code == 204
    assert (await town.http.delete(f"/api/v1/labels/{label['id']}", headers=town.bearer())).status_code == 204
    assert (await town.get("/labels")).json() == {"labels": []}
    assert (await town.post(f"{path}/assign", json={"agent": "0" * 32})).status_code == 422
    assert (await town.post(f"{path}/close")).json()["closed_at"] is not None
    assert (await town.post(f"{path}/reopen")).json()["closed_at"] is None
    async with town.db.platform(reads=True) as session:
        rows = (await session.scalars(select(AuditEntry))).all()
    assert {one.who.partition(":")[0] for one in rows} == {"api"}
    assert len(rows) == 9


async def test_a_colleague_who_answers_is_not_interrupted(town: Town) -> None:
    conversation = await talked(town, mode="human", agent_id="somebody")
    path = f"{HERE}/{conversation.id}"
    assert (await town.post(f"{path}/take", json={})).status_code == 409
    assert (await town.post(f"{path}/reply", json={"text": "أنا"})).status_code == 409
    assert (await town.post(f"{path}/take", json={"over": True})).status_code == 200


async def test_another_tenants_and_another_keys_conversations_are_out_of_reach(town: Town) -> None:
    other = await make_tenant(town.db)
    foreign = await make_conversation(town.db, await make_account(town.db, other), last_kind="text", last_text="سر")
    assert (await town.get(f"{HERE}/{foreign.id}")).status_code == 404
    assert (await town.post(f"{HERE}/{foreign.id}/take", json={})).status_code == 404
    assert (await town.get(HERE)).json()["conversations"] == []
    talker = await town.key_of(town.tenant, "talk")
    assert (await town.get(HERE, talker)).status_code == 403
    reader = await town.key_of(town.tenant, "inbox")
    assert (await town.get(HERE, reader)).status_code == 200
