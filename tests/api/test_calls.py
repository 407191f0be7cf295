"""Calls by the API: begun once, listed in pages, told with what was really heard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels import discover
from tenants.models import Call, Conversation, Direction, Turn, TurnState
from tests.api.town import Town
from tests.factories import make_account, make_conversation, make_message, make_tenant

AT = datetime(2026, 3, 5, 9, tzinfo=UTC)
NUMBER = "+201000000001"


def carrier() -> str:
    """A channel by which others can be called."""
    return next(name for name, spec in discover().items() if spec.calls is not None and not spec.own)


async def called(town: Town, conversation: Conversation, **fields: Any) -> Call:
    given = {"provider_id": f"c{len(fields)}-{id(fields)}", "state": "ended", "started_at": AT, **fields}
    place: dict[str, Any] = {"conversation_id": conversation.id, "account_id": conversation.account_id}
    async with town.db.tenant(conversation.tenant_id) as session:
        call = Call(tenant_id=conversation.tenant_id, **place, **given)
        session.add(call)
    return call


async def test_a_call_is_begun_once_from_the_only_account_that_can(town: Town) -> None:
    account = await make_account(town.db, town.tenant, channel=carrier())
    body, key = {"to": NUMBER, "opening": "أهلا"}, {"Idempotency-Key": "c"}
    first = await town.post("/calls", json=body, headers=key)
    again = await town.post("/calls", json=body, headers=key)
    assert (first.status_code, first.json()) == (202, again.json())
    assert town.dial.asked == [(account.id, NUMBER, "أهلا")]
    assert first.headers["location"].endswith(first.json()["call_id"])


async def test_an_account_that_carries_no_calls_or_is_anothers(town: Town) -> None:
    none = await town.post("/calls", json={"to": NUMBER})
    assert (none.status_code, none.json()["code"]) == (422, "account-unknown")
    mute = await make_account(town.db, town.tenant, channel="telegram")
    theirs = await make_account(town.db, await make_tenant(town.db), channel=carrier())
    mine = [await make_account(town.db, town.tenant, channel=carrier()) for _ in range(2)]
    for account in (mute.id, theirs.id, None):
        response = await town.post("/calls", json={"to": NUMBER, **({"account": account} if account else {})})
        assert (response.status_code, response.json()["code"]) == (422, "account-unknown")
    assert (await town.post("/calls", json={"to": NUMBER, "account": mine[1].id})).status_code == 202
    assert [one[0] for one in town.dial.asked] == [mine[1].id]


@pytest.mark.parametrize("to", ["", "12", "+20 100", "sip:a@b", "٠١٢٣٤٥", "+1234567890123456"])
async def test_numbers_that_are_none(small_town: Town, to: str) -> None:
    assert (await small_town.post("/calls", json={"to": to})).status_code == 422
    assert small_town.dial.asked == []


async def test_a_call_is_told_with_what_was_really_heard(town: Town) -> None:
    conversation = await make_conversation(town.db, await make_account(town.db, town.tenant))
    blob = await town.needs.blobs.put(town.tenant.id, "calls", b"sound", ".ogg")
    times = {"answered_at": AT, "ended_at": AT + timedelta(seconds=42)}
    call = await called(town, conversation, recording=blob, language="ar", **times)
    async with town.db.tenant(town.tenant.id) as session:
        turn = Turn(id="t1", tenant_id=town.tenant.id, conversation_id=conversation.id, call_id=call.id)
        turn.state = TurnState.ANSWERED
        session.add(turn)
    await make_message(town.db, conversation, turn_id="t1", text="متى تفتحون؟", created_at=AT)
    ours = {"direction": Direction.OUT, "turn_id": "t1", "created_at": AT + timedelta(seconds=1)}
    await make_message(town.db, conversation, text="نفتح في العاشرة ونغلق ليلا", heard="نفتح في العاشرة", **ours)
    await make_message(town.db, conversation, text="لم يسمع", heard="", **ours)
    told = (await town.get(f"/calls/{call.id}")).json()
    assert (told["seconds"], told["state"], told["language"]) == (42.0, "ended", "ar")
    assert [(one["speaker"], one["text"]) for one in told["transcript"]] == [
        ("customer", "متى تفتحون؟"),
        ("bot", "نفتح في العاشرة"),
    ]
    assert (await town.http.get(town.local(told["recording_url"]))).content == b"sound"


async def test_calls_are_listed_newest_first_in_pages(town: Town) -> None:
    conversation = await make_conversation(town.db, await make_account(town.db, town.tenant))
    for minute in (0, 1, 1, 2, 3):
        await called(town, conversation, started_at=AT + timedelta(minutes=minute), state="missed")
    seen: list[str] = []
    before = None
    for _ in range(5):
        page = (await town.get("/calls", params={"limit": 2, **({"before": before} if before else {})})).json()
        seen += [one["started_at"] for one in page["calls"]]
        before = page["next"]
        if before is None:
            break
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 5


async def test_calls_are_nobody_elses(town: Town) -> None:
    conversation = await make_conversation(town.db, await make_account(town.db, town.tenant))
    call = await called(town, conversation)
    stranger = await town.key_of(await make_tenant(town.db), "calls")
    assert (await town.get(f"/calls/{call.id}", stranger)).status_code == 404
    assert (await town.get("/calls", stranger, params={"before": call.id})).status_code == 404
    assert (await town.get("/calls", stranger)).json()["calls"] == []
