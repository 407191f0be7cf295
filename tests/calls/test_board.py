"""The switchboard: who is talked to, who may leave a message, and that no call is lost or taken twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from core_pipeline.calls.board import Board
from core_pipeline.calls.register import broken_off
from core_pipeline.contracts.calls import CallNews, CallState
from core_pipeline.contracts.messages import Inbound, Kind, MediaRef
from core_pipeline.contracts.phrases import READY
from core_pipeline.history import incoming
from errors import Forged, Impossible, NeedsOwner, Retryable
from tenants.accounts import AccountRef
from tenants.models import Call, Conversation, Message, Tenant
from tests.calls.office import CALLER, Office, open_office, ring
from tests.conftest import Floor
from tests.factories import make_account, make_tenant


@pytest.fixture
async def office(database: Floor, tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(database, tmp_path) as ready:
        yield ready


async def test_a_call_is_talked_on_once(office: Office) -> None:
    verdict = await office.board.ring(ring())
    assert (verdict.kind, verdict.language) == ("talk", "ar")
    assert verdict.ticket is not None
    token = verdict.ticket.token
    assert len(token) == 32
    with pytest.raises(Forged):
        await office.board.redeem("0" * 32)
    with pytest.raises(Forged):
        await office.board.redeem(token, "CA-of-somebody-else")
    ticket = await office.board.redeem(token, "CA1")
    assert ticket.call_id == verdict.ticket.call_id
    with pytest.raises(Forged):
        await office.board.redeem(token, "CA1")
    with pytest.raises(Impossible, match="call-taken"):
        await office.board.ring(ring())
    leg = object()
    office.board.carry(ticket, leg)  # type: ignore[arg-type]  # the paper leader never looks at it
    await asyncio.gather(*office.room.tasks)
    assert office.leader.led == [(ticket, leg)]
    # Whoever led it could not write down its end.
    assert ((await office.call("CA1")).state, (await office.call("CA1")).reason) == (CallState.ENDED, "caller")


async def test_the_same_ring_twice_is_one_call_with_a_fresh_token(office: Office) -> None:
    first, second = await office.board.ring(ring()), await office.board.ring(ring())
    assert first.ticket is not None
    assert second.ticket is not None
    assert first.ticket.call_id == second.ticket.call_id
    with pytest.raises(Forged):
        await office.board.redeem(first.ticket.token)
    assert (await office.board.redeem(second.ticket.token)).call_id == first.ticket.call_id


async def test_a_late_token_is_worth_nothing(office: Office) -> None:
    verdict = await office.board.ring(ring())
    assert verdict.ticket is not None
    async with office.floor.db.tenant(office.tenant.id) as session:
        (await session.get_one(Call, verdict.ticket.call_id)).started_at = datetime.now(UTC) - timedelta(seconds=61)
    with pytest.raises(Forged):
        await office.board.redeem(verdict.ticket.token)


async def test_closed_hours_let_the_caller_leave_a_message(office: Office) -> None:
    closed = {day: ["00:00-00:01"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    await office.policy(hours=closed, zone="UTC")
    if datetime.now(UTC).strftime("%H:%M") == "00:00":
        await office.policy(hours={day: ["12:00-12:01"] for day in closed}, zone="UTC")
    verdict = await office.board.ring(ring(wants="en"))
    assert (verdict.kind, verdict.language, verdict.ticket) == ("message", "en", None)
    assert "closed" in verdict.words
    assert "leave a message" in verdict.words
    assert verdict.sound == "https://us.example/media/words"
    assert ((await office.call("CA1")).state, (await office.call("CA1")).reason) == ("missed", "closed")


@pytest.mark.parametrize("full", ["tenant", "process", "closing"])
async def test_when_all_lines_are_taken_the_next_caller_is_told_so(office: Office, full: str) -> None:
    await office.policy(most=1 if full == "tenant" else 10)
    assert (await office.board.ring(ring("CA1"))).kind == "talk"
    if full == "process":
        office.leader.taken = 2
    office.leader.closing = full == "closing"
    verdict = await office.board.ring(ring("CA2"))
    assert verdict.kind == "message"
    assert "مشغولة" in verdict.words
    assert (await office.call("CA2")).reason == "busy"


async def test_words_that_cannot_be_spoken_are_given_as_words(office: Office) -> None:
    async def mute(tenant_id: str, words: str, language: str) -> str:
        raise Retryable("no-voice")

    await office.policy(most=0)
    object.__setattr__(office.room, "recite", mute)
    verdict = await office.board.ring(ring())
    assert verdict.sound == ""
    assert verdict.words


async def test_a_call_that_broke_off_goes_on_where_the_customer_writes(office: Office) -> None:
    await office.known_on_paper()
    office.leader.reason = "dropped"
    verdict = await office.board.ring(ring())
    assert verdict.ticket is not None
    await office.looked()
    ticket = await office.board.redeem(verdict.ticket.token)
    assert await office.moved()
    await office.looked()
    await office.board.talk(ticket, object())  # type: ignore[arg-type]  # never looked at
    assert await office.moved()
    [inbound] = await office.arrived()
    assert (inbound.kind, inbound.account, inbound.chat) == (Kind.CALL, "paper", "201000000001")
    assert inbound.address == {"to": "201000000001"}
    assert inbound.by_call
    before = await _last_in(office)
    async with office.floor.db.tenant(office.tenant.id) as session:
        await incoming.record(
            session, incoming.Arrival(2, office.tenant.id, office.paper_id, datetime.now(UTC), inbound)
        )
    assert await _last_in(office) == before


async def _last_in(office: Office) -> datetime | None:
    async with office.floor.db.tenant(office.tenant.id, reads=True) as session:
        asked = select(Conversation).where(col(Conversation.account_id) == office.paper_id)
        return (await session.scalars(asked)).one().last_in_at


async def test_cards_that_cannot_be_spoken_are_written(office: Office) -> None:
    await office.known_on_paper()
    verdict = await office.board.ring(ring())
    assert verdict.ticket is not None
    ticket, call = await office.board.redeem(verdict.ticket.token), await office.call("CA1")
    for number, text in enumerate(("رقم الطلب 15", "الموعد غدا")):
        await office.wrote(call, f"{call.id}:1:also{number}", text)
    await office.board.talk(ticket, object())  # type: ignore[arg-type]  # never looked at
    [inbound] = await office.arrived()
    assert (inbound.kind, inbound.wish, inbound.text) == (Kind.SCRIPT, "text", "رقم الطلب 15\n\nالموعد غدا")


@pytest.mark.parametrize("why_not", ["window", "unwanted", "stranger"])
async def test_nobody_is_written_to_against_the_rules(office: Office, why_not: str) -> None:
    if why_not != "stranger":
        await office.known_on_paper(timedelta(hours=25) if why_not == "window" else timedelta())
    if why_not == "unwanted":
        await office.policy(follow_up=False)
    office.leader.reason = "dropped"
    verdict = await office.board.ring(ring())
    assert verdict.ticket is not None
    await office.board.talk(await office.board.redeem(verdict.ticket.token), object())  # type: ignore[arg-type]  # never looked at
    assert await office.arrived() == []


async def test_a_message_left_by_phone_is_answered_where_the_customer_writes(office: Office) -> None:
    await office.known_on_paper()
    await office.policy(most=0)
    await office.board.ring(ring())
    left = Inbound(
        account="100", provider_id="RE1", chat="201000000001", sender=CALLER, sent_at=datetime.now(UTC),
        kind=Kind.VOICE, media=MediaRef(id="RE1", mime="audio/wav", seconds=4.0, url="https://vendor.example/RE1"),
    )  # fmt: skip
    await office.board.voicemail("CA1", left)
    await office.board.voicemail("CA1", left)
    [inbound] = await office.arrived()
    assert (inbound.kind, inbound.account) == (Kind.VOICE, "paper")
    assert inbound.media is not None
    assert (inbound.media.url, inbound.media.seconds) == (None, 4.0)
    async with office.floor.db.tenant(office.tenant.id) as session:
        row = await incoming.record(
            session, incoming.Arrival(3, office.tenant.id, office.paper_id, datetime.now(UTC), inbound)
        )
    assert row.blob is not None
    assert await office.room.going_on.blobs.get(office.tenant.id, row.blob) == b"RIFFRE1"
    with pytest.raises(Impossible):
        await office.board.voicemail("CA-unknown", left)


async def test_what_a_held_conversation_brings_stays_with_its_colleague(office: Office) -> None:
    await office.known_on_paper()
    await office.policy(most=0, follow_up=False)
    await office.board.ring(ring())
    await office.held(office.account_id)
    given: dict[str, Any] = {"account": "100", "chat": "201000000001", "sender": CALLER, "sent_at": datetime.now(UTC)}
    left = Inbound(provider_id="RE1", kind=Kind.VOICE, media=MediaRef(id="RE1"), **given)
    await office.board.voicemail("CA1", left)
    await office.board.ring(ring("CA2"))
    await office.board.news(CallNews(account="100", provider_id="CA2", state=CallState.ENDED))
    await office.room.missed(office.tenant.id, (await office.call("CA2")).id, wait=0.0)
    await office.room.close()
    arrived = await office.arrived()
    assert {(inbound.kind, inbound.account) for inbound in arrived} == {(Kind.VOICE, "100"), (Kind.MISSED_CALL, "100")}


async def test_who_was_put_through_to_nobody_is_called_back(office: Office) -> None:
    verdict = await office.board.ring(ring())
    assert verdict.ticket is not None
    async with office.floor.db.tenant(office.tenant.id) as session:
        (await session.get_one(Tenant, office.tenant.id)).policy = {"phrases": {"no_person": {"en": "Call {phone}."}}}
        (await session.get_one(Tenant, office.tenant.id)).facts = {"phone": "19000"}
    await office.board.unreached("CA1")
    await office.board.unreached("CA-unknown")
    async with office.floor.db.tenant(office.tenant.id, reads=True) as session:
        [conversation] = (await session.scalars(select(Conversation))).all()
    assert conversation.handed_at is not None
    said = await office.board.ready("en", "no_person", "goodbye")
    assert said.text == f"Call 19000. {READY['goodbye']['en']}"
    assert (said.sound, office.recited) == ("https://us.example/media/words", [said.text])


async def test_a_business_with_one_language_answers_in_it(office: Office) -> None:
    async with office.floor.db.tenant(office.tenant.id) as session:
        (await session.get_one(Tenant, office.tenant.id)).policy = {"answers_in": "ar"}
    assert (await office.board.ring(ring(wants="en"))).language == "ar"


async def test_calling_out_rings_with_our_own_words(office: Office) -> None:
    call_id = await office.board.dial("+201000000001", "مرحبا، طلبك جاهز.")
    [(address, ticket)] = office.line.dialled
    assert address == {"to": "+201000000001"}
    call = await office.call("CA1")
    assert (call.id, call.outgoing, call.opening) == (call_id, True, "مرحبا، طلبك جاهز.")
    assert (await office.board.redeem(ticket.token, "CA1")).call_id == call_id


async def test_an_answer_to_a_call_of_ours_brings_its_leg(office: Office) -> None:
    call_id = await office.board.dial("201000000001")
    await office.board.news(CallNews(account="100", provider_id="CA1", state=CallState.RUNNING, answer="sdp"))
    await asyncio.gather(*office.room.tasks)
    [(ticket, leg)] = office.leader.led
    assert (ticket.call_id, leg) == (call_id, "leg for sdp")


async def test_a_vendor_that_refuses_to_dial_leaves_a_failed_call(office: Office) -> None:
    office.line.fails = NeedsOwner("vendor-token", "enter it again")
    with pytest.raises(NeedsOwner):
        await office.board.dial("201000000001")
    async with office.floor.db.tenant(office.tenant.id, reads=True) as session:
        [call] = (await session.scalars(select(Call))).all()
    assert (call.state, call.reason) == ("missed", "vendor-token")


async def test_unanswered_rings_are_noted_by_the_vendors_word(office: Office) -> None:
    await office.board.dial("201000000001")
    await office.board.news(CallNews(account="100", provider_id="CA1", state=CallState.MISSED, reason="no-answer"))
    assert ((await office.call("CA1")).state, (await office.call("CA1")).reason) == ("missed", "no-answer")
    await office.board.news(CallNews(account="100", provider_id="CA9", state=CallState.ENDED))


async def test_calls_of_a_process_that_died_are_over(office: Office) -> None:
    verdict = await office.board.ring(ring())
    assert verdict.ticket is not None
    await office.board.redeem(verdict.ticket.token)
    async with office.floor.db.platform() as session:
        assert await broken_off(session, "another") == []
    await office.known_on_paper()
    await office.looked()
    await office.room.take_up()
    assert await office.moved()
    assert [inbound.kind for inbound in await office.arrived()] == [Kind.CALL]
    assert ((await office.call("CA1")).state, (await office.call("CA1")).reason) == ("dropped", "restart")


async def test_tenants_do_not_share_tokens(office: Office) -> None:
    verdict = await office.board.ring(ring())
    assert verdict.ticket is not None
    other = await make_tenant(office.floor.db)
    account = await make_account(office.floor.db, other, channel="line", external_id="200")
    stranger = Board(office.room, AccountRef(account.id, other.id, "line", "200", active=True))
    with pytest.raises(Forged):
        await stranger.redeem(verdict.ticket.token)
    assert await stranger.person(verdict.ticket.call_id) == ""
    async with office.floor.db.tenant(other.id, reads=True) as session:
        assert (await session.scalars(select(Message))).all() == []


def test_addresses_follow_the_public_one(office: Office) -> None:
    assert office.board.url("stream", "wss") == f"wss://us.example/calls/line/{office.account_id}/stream"
    object.__setattr__(office.room, "address", "http://127.0.0.1:8000")
    assert office.board.url("incoming") == f"http://127.0.0.1:8000/calls/line/{office.account_id}/incoming"
    assert office.board.url("stream", "wss") == f"ws://127.0.0.1:8000/calls/line/{office.account_id}/stream"
