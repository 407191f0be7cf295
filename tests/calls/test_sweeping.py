"""Forgotten calls: of processes that died, that ring for ever, and whose follow-up was yet to be written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import select

from core_pipeline.calls.board import Board
from core_pipeline.calls.sweeping import LOOKS, Sweeping
from core_pipeline.contracts.calls import CallNews, CallState
from core_pipeline.contracts.messages import Inbound, Kind, MediaRef
from errors import Forged
from tenants.models import Call, Notice, Subscription
from tests.calls.office import CALLER, Office, open_office, ring
from tests.conftest import Floor


@pytest.fixture
async def office(database: Floor, tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(database, tmp_path) as ready:
        yield ready


async def test_who_is_told_to_go_leaves_the_writing_to_whoever_starts_next(office: Office) -> None:
    await office.known_on_paper()
    await office.policy(most=0)
    await office.board.ring(ring())
    await office.board.news(CallNews(account="100", provider_id="CA1", state=CallState.ENDED))
    async with asyncio.timeout(4):
        await office.room.close()
    assert await office.arrived() == []
    next_room = replace(office.room, closing=asyncio.Event())
    with patch("core_pipeline.calls.switchroom.MESSAGE_SECONDS", 0.1):
        await next_room.take_up()
        await asyncio.gather(*next_room.tasks)
        await next_room.take_up()
        await asyncio.gather(*next_room.tasks)
    assert [inbound.kind for inbound in await office.arrived()] == [Kind.MISSED_CALL]


async def test_a_message_left_is_not_followed_by_another_word(office: Office) -> None:
    await office.known_on_paper()
    await office.policy(most=0)
    await office.board.ring(ring())
    left: dict[str, Any] = {"account": "100", "chat": "1", "sender": CALLER, "sent_at": datetime.now(UTC)}
    await office.board.voicemail("CA1", Inbound(provider_id="RE1", kind=Kind.VOICE, media=MediaRef(id="RE1"), **left))
    with patch("core_pipeline.calls.switchroom.MESSAGE_SECONDS", 0.1):
        await office.room.take_up()
        await asyncio.gather(*office.room.tasks)
    assert [inbound.kind for inbound in await office.arrived()] == [Kind.VOICE]


class PaperLocks:
    """Locks of processes; `held` are those that live."""

    def __init__(self, *held: str) -> None:
        self.held, self.mine = set(held), set[str]()

    def of(self, name: str) -> PaperLock:
        return PaperLock(self, name)


@dataclass
class PaperLock:
    locks: PaperLocks
    name: str

    async def take(self) -> bool:
        free = self.name not in self.locks.held
        self.locks.mine |= {self.name} if free else set()
        return free

    async def free(self) -> None:
        self.locks.mine -= {self.name}


async def test_calls_of_another_process_go_on_once_it_is_gone_for_sure(office: Office) -> None:
    await office.known_on_paper()
    verdict = await office.board.ring(ring())
    assert verdict.ticket is not None
    elsewhere = Board(replace(office.room, process="two"), office.ref)
    await elsewhere.redeem(verdict.ticket.token)
    async with office.floor.db.platform() as session:
        own = office.tenant.id
        session.add(Subscription(tenant_id=own, url="https://a.example", sealed="s", events=["call.ended"]))
    locks = PaperLocks("two")
    sweeping = Sweeping(office.room, locks.of)
    for _ in range(LOOKS):
        await sweeping.look()
    locks.held.clear()
    await sweeping.look()
    locks.held.add("two")
    await sweeping.look()
    locks.held.clear()
    for looks in range(LOOKS):
        assert (await office.call("CA1")).state == CallState.RUNNING, looks
        await sweeping.look()
    assert ((await office.call("CA1")).state, (await office.call("CA1")).reason) == ("dropped", "restart")
    assert [inbound.kind for inbound in await office.arrived()] == [Kind.CALL]
    async with office.floor.db.tenant(office.tenant.id, reads=True) as session:
        [notice] = (await session.scalars(select(Notice))).all()
    assert (notice.event, notice.payload["reason"]) == ("call.ended", "restart")
    assert locks.mine == {"one"}


async def test_what_rings_for_ever_is_missed(office: Office) -> None:
    await office.known_on_paper()
    verdict = await office.board.ring(ring("CA-theirs"))
    ours = await office.board.dial("+201000000001")
    assert verdict.ticket is not None
    async with office.floor.db.tenant(office.tenant.id) as session:
        for call_id in (verdict.ticket.call_id, ours):
            (await session.get_one(Call, call_id)).started_at = datetime.now(UTC) - timedelta(seconds=121)
    await office.looked()
    async with Sweeping(office.room, PaperLocks().of), asyncio.timeout(10):
        while (await office.call("CA-theirs")).state == CallState.RINGING:
            await asyncio.sleep(0.02)
    assert await office.moved()
    assert [inbound.kind for inbound in await office.arrived()] == [Kind.MISSED_CALL]
    async with office.floor.db.tenant(office.tenant.id, reads=True) as session:
        assert {call.reason for call in await session.scalars(select(Call))} == {"not-brought"}
    with pytest.raises(Forged):
        await office.board.redeem(verdict.ticket.token)
