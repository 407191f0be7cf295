"""A month of conversations in figures, on both databases."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest

from core_pipeline.insight.figures import Figures, figures
from core_pipeline.insight.period import Period
from core_pipeline.insight.sheets import SHEETS, sheet, written
from errors import Impossible
from tenants import quotas
from tenants.models import Call, Conversation, Direction, Tenant, Turn, TurnStage, TurnState
from tests.conftest import Floor
from tests.factories import make_account, make_conversation, make_message, make_tenant

DAY = datetime(2026, 3, 10, 20, 30, tzinfo=UTC)
PERIOD = Period.between(date(2026, 3, 9), date(2026, 3, 11), "Africa/Cairo")


async def _turn(floor: Floor, tenant: Tenant, conversation: str, name: str, **fields: Any) -> None:
    given: dict[str, Any] = {
        "state": TurnState.ANSWERED,
        "reply_kind": "voice",
        "started_at": DAY,
        "heard": "بكام الكشري؟",
    }
    given |= {"finished_at": DAY + timedelta(seconds=2)} | fields
    async with floor.db.platform() as session:
        session.add(Turn(id=f"{tenant.id}-{name}", tenant_id=tenant.id, conversation_id=conversation, **given))
        await session.flush()
        for stage, ms, engine, cost in (("transcribe", 100.0, "demo", 0), ("answer", 300.0, "vendor", 2_000_000)):
            own: dict[str, Any] = {"tenant_id": tenant.id, "turn_id": f"{tenant.id}-{name}", "at": DAY}
            own["account_id"] = (await session.get_one(Conversation, conversation)).account_id
            session.add(TurnStage(name=stage, ms=ms, engine=engine, units=3.0, unit="second", cost=cost, **own))


async def furnished(floor: Floor) -> Tenant:
    tenant = await make_tenant(floor.db)
    account = await make_account(floor.db, tenant, channel="whatsapp")
    talk = await make_conversation(floor.db, account, created_at=DAY)
    for number in range(3):
        await make_message(floor.db, talk, created_at=DAY + timedelta(hours=2 * number))
    for status in ("played", "delivered", "unsent"):
        out: dict[str, Any] = {"direction": Direction.OUT, "kind": "voice", "status": status, "created_at": DAY}
        await make_message(floor.db, talk, **out)
    await make_message(floor.db, talk, created_at=DAY, kind="script")
    await _turn(floor, tenant, talk.id, "known")
    await _turn(floor, tenant, talk.id, "again", heard="بكام الكشرى", note="answered-before")
    await _turn(floor, tenant, talk.id, "unknown", note="unknown", heard="=1+1")
    await _turn(floor, tenant, talk.id, "handed", note="handoff")
    await _turn(floor, tenant, talk.id, "dead", state=TurnState.DEAD, reply_kind=None)
    await _turn(floor, tenant, talk.id, "order", note="script")
    await _turn(floor, tenant, talk.id, "reply", note="colleague")
    await make_conversation(floor.db, account, created_at=DAY, mode="script")
    await _turn(floor, tenant, talk.id, "alone", note="stage-speak")
    async with floor.db.platform() as session:
        call: dict[str, Any] = {"account_id": account.id, "provider_id": "c", "started_at": DAY, "answered_at": DAY}
        ended = DAY + timedelta(seconds=90)
        session.add(Call(tenant_id=tenant.id, conversation_id=talk.id, ended_at=ended, **call))
    return tenant


async def told(floor: Floor) -> Figures:
    tenant = await furnished(floor)
    await furnished(floor)  # somebody else's are not counted
    async with floor.db.tenant(tenant.id, reads=True) as session:
        return await figures(session, PERIOD)


async def test_messages_are_counted_by_the_places_own_days_and_hours(database: Floor) -> None:
    found = await told(database)
    assert [(one.day.day, one.incoming, one.outgoing) for one in found.days] == [(9, 0, 0), (10, 1, 3), (11, 2, 0)]
    # 20:30 UTC on a Tuesday is 22:30 in Cairo; two hours later it is Wednesday there.
    assert found.hours == {(1, 22): 1, (2, 0): 1, (2, 2): 1}
    assert found.channels == (("whatsapp", 3, 3),)
    assert (found.talked, found.began, found.incoming, found.outgoing) == (1, 1, 3, 3)


async def test_turns_are_counted_by_how_they_ended(database: Floor) -> None:
    found = await told(database)
    ends = found.answered
    assert (ends.turns, ends.unknown, ends.handed, ends.dead, ends.from_memory) == (5, 1, 1, 1, 1)
    assert ends.by_bot == pytest.approx(2 / 5)
    assert [(one.kind, one.sent, one.delivered, one.read, one.played) for one in found.reached] == [
        ("voice", 2, 2, 1, 1)
    ]
    assert (found.calls, found.minutes) == (1, 1.5)


async def test_times_and_costs_are_by_stage_and_channel(database: Floor) -> None:
    found = await told(database)
    assert found.whole is not None
    assert found.whole.middle == 2000.0
    assert [(one.stage, one.middle, one.slow) for one in found.stages] == [
        ("answer", 300.0, None),
        ("transcribe", 100.0, None),
    ]
    dearest = found.costs[0]
    assert (dearest.channel, dearest.stage, dearest.engine, dearest.times) == ("whatsapp", "answer", "vendor", 8)
    assert found.cost == 16_000_000


async def test_the_same_question_in_other_letters_is_one(database: Floor) -> None:
    found = await told(database)
    assert (found.questions[0].times, found.questions[0].question[:4]) == (3, "بكام")


async def test_every_table_comes_as_a_sheet_without_formulas(sqlite_database: Floor) -> None:
    found = await told(sqlite_database)
    for name in SHEETS:
        rows = list(csv.reader(StringIO(sheet(name, found).removeprefix("\ufeff"))))
        assert len(rows) > 1
        assert {len(row) for row in rows} == {len(rows[0])}
    assert "'=1+1" in sheet("questions", found)
    assert written([("=A1", -5)]).removeprefix("\ufeff") == "'=A1,-5\r\n"


async def test_an_empty_period_is_no_trouble(sqlite_database: Floor) -> None:
    tenant = await make_tenant(sqlite_database.db)
    async with sqlite_database.db.tenant(tenant.id, reads=True) as session:
        found = await figures(session, PERIOD)
    assert (found.incoming, found.answered.by_bot, found.whole, found.questions) == (0, None, None, ())


def test_periods_are_whole_days_of_the_place() -> None:
    assert PERIOD.since == datetime(2026, 3, 8, 22, tzinfo=UTC)
    assert PERIOD.before == Period.between(date(2026, 3, 6), date(2026, 3, 8), "Africa/Cairo")
    latest = Period.latest(7, "Asia/Riyadh", datetime(2026, 3, 9, 22, tzinfo=UTC))
    assert (latest.first, latest.last) == (date(2026, 3, 4), date(2026, 3, 10))
    with pytest.raises(Impossible, match="zone"):
        Period.latest(7, "Mars/Base", DAY)
    with pytest.raises(Impossible, match="period"):
        Period.between(date(2026, 3, 2), date(2026, 3, 1), "Africa/Cairo")


async def test_a_months_quota_counts_answers_that_customers_got(database: Floor) -> None:
    tenant = await furnished(database)
    async with database.db.tenant(tenant.id) as session:
        assert not await quotas.over(session, "Africa/Cairo")
        await quotas.allow(session, tenant.id, 6, stop=True)
    async with database.db.tenant(tenant.id, reads=True) as session:
        march = await quotas.month(session, "Africa/Cairo", DAY)
        april = await quotas.month(session, "Africa/Cairo", DAY + timedelta(days=40))
        assert not await quotas.over(session, "Africa/Cairo")  # nothing came this month
    assert (march.used, march.most, march.over, march.near) == (6, 6, True, True)  # not what a colleague wrote
    assert april.used == 0
    async with database.db.tenant(tenant.id) as session:
        with pytest.raises(Impossible, match="quota"):
            await quotas.allow(session, tenant.id, -1, stop=False)
