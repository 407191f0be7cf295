"""The audit: found by place, person, action and day; the list goes on without gaps."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tenants import audit
from tenants.audit import HIDDEN, Actor, Wanted
from tenants.models import AuditEntry
from tests.people.staff import Staff

MONA, SAMIR = Actor("Mona", "p1", "192.0.2.1"), Actor("Samir", "p2")


async def written(staff: Staff) -> None:
    async with staff.db.platform() as session:
        for tenant, actor, action in (
            (staff.shop, MONA, "knowledge.entry.save"),
            (staff.shop, SAMIR, "people.role"),
            (staff.cafe, MONA, "people.invite"),
            (staff.foreign, SAMIR, "people.invite"),
        ):
            audit.record(session, actor, action, tenant_id=tenant.id)
            await session.flush()
        audit.record(session, MONA, "agency.brand", agency_id=staff.agency.id)
        await session.flush()
        audit.record(session, SAMIR, "people.sign-in")


async def found(staff: Staff, limit: int = 50, **fields: object) -> list[str]:
    wanted = Wanted(**fields)  # type: ignore[arg-type]  # fields of the tests' own
    async with staff.db.platform(reads=True) as session:
        return [f"{one.who} {one.action}" for one in await audit.listing(session, wanted, limit)]


async def test_each_place_sees_its_own(staff: Staff) -> None:
    await written(staff)
    assert await found(staff, tenant_id=staff.shop.id) == ["Samir people.role", "Mona knowledge.entry.save"]
    agency = ["Mona agency.brand", "Mona people.invite", "Samir people.role", "Mona knowledge.entry.save"]
    assert await found(staff, agency_id=staff.agency.id) == agency
    assert len(await found(staff)) == 6
    async with staff.db.tenant(staff.foreign.id, reads=True) as session:
        assert [one.action for one in await audit.listing(session, Wanted())] == ["people.invite"]
        assert await audit.doers(session, Wanted()) == ["Samir"]
    async with staff.db.platform(reads=True) as session:
        assert await audit.doers(session, Wanted(agency_id=staff.agency.id)) == ["Mona", "Samir"]


async def test_deeds_are_found_by_who_what_and_when(staff: Staff) -> None:
    await written(staff)
    assert await found(staff, who="Mona", action="people.") == ["Mona people.invite"]
    assert [await found(staff, action=odd) for odd in ("people%", "people_", "/", "//%")] == [[]] * 4
    async with staff.db.tenant(staff.shop.id, reads=True) as session:
        assert [one.who for one in await audit.listing(session, Wanted(action="people."))] == ["Samir"]
    assert await found(staff, until=datetime(2020, 1, 1, tzinfo=UTC)) == []
    assert len(await found(staff, since=datetime(2020, 1, 1, tzinfo=UTC))) == 6


async def test_pages_follow_one_another(staff: Staff) -> None:
    await written(staff)
    seen, before = [], None
    async with staff.db.platform(reads=True) as session:
        while page := await audit.listing(session, Wanted(before=before), 4):
            seen += [one.id for one in page]
            before = page[-1].id
    assert len(seen) == 6
    assert seen == sorted(seen, key=lambda one: one or 0, reverse=True)


@given(
    st.dictionaries(st.sampled_from(["password", "Token", "api_key", "totp_secret"]), st.text(min_size=1), min_size=1)
)
def test_no_secret_is_ever_kept(secrets: dict[str, str]) -> None:
    kept: list[AuditEntry] = []

    class Session:
        def __init__(self) -> None:
            self.info: dict[str, str] = {}

        def add(self, row: AuditEntry) -> None:
            kept.append(row)

    audit.record(Session(), MONA, "x", after={"deep": {**secrets, "name": "n"}})  # type: ignore[arg-type]  # all it needs
    assert kept[0].after == {"deep": {**dict.fromkeys(secrets, HIDDEN), "name": "n"}}
