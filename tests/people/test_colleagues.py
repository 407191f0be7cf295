"""Who may give which role to whom, and that no place is left without somebody in charge."""

from __future__ import annotations

import asyncio
from itertools import product

import pytest
from sqlalchemy import select
from sqlmodel import col

from errors import Impossible
from tenants.audit import Actor
from tenants.models import Invite, Person
from tenants.people import colleagues, invites, signed_in
from tenants.people.places import By, Place
from tenants.people.roles import OF_TENANT, Role
from tests.people.staff import Staff

MOST = {Role.PLATFORM_ADMIN: 0, Role.AGENCY_ADMIN: 0, Role.OWNER: 0, Role.EDITOR: 1, Role.AGENT: 2, Role.VIEWER: 3}


async def changed(staff: Staff, by: By, person: Person, role: Role, place: Place | None = None) -> str:
    """Why the role was not changed; empty when it was."""
    try:
        async with staff.db.platform() as session:
            await colleagues.change_role(session, by, place or staff.place, person.id, role)
    except Impossible as error:
        return error.code
    return ""


async def test_nobody_gives_or_takes_more_than_they_have(small_staff: Staff) -> None:
    staff = small_staff
    await staff.hire(Role.OWNER)  # so that the last-owner rule is not what refuses
    for own, (before, after) in product(Role, product(OF_TENANT, OF_TENANT)):
        by = await staff.by(await staff.hire(own))
        person = await staff.hire(before)
        allowed = {before, after} <= set(OF_TENANT[MOST[own] :])
        assert await changed(staff, by, person, after) == ("" if allowed else "role-above"), (own, before, after)
        assert await staff.roles(person) == [after if allowed else before]


async def test_reach_ends_at_the_door(staff: Staff) -> None:
    owner, agency_admin = await staff.hire(Role.OWNER), await staff.hire(Role.AGENCY_ADMIN)
    stranger = await staff.hire(Role.AGENT, staff.foreign)
    there = Place(tenant=staff.foreign)
    for by in (await staff.by(owner), await staff.by(agency_admin)):
        assert await changed(staff, by, stranger, Role.VIEWER) == "person-missing"
        assert await changed(staff, by, stranger, Role.VIEWER, there) == "role-above"
        with pytest.raises(Impossible, match="role-above"):
            async with staff.db.platform() as session:
                await invites.make(session, by, Place(), Role.PLATFORM_ADMIN)
    assert await staff.roles(stranger) == [Role.AGENT]
    in_cafe = await staff.hire(Role.AGENT, staff.cafe)
    assert await changed(staff, await staff.by(agency_admin), in_cafe, Role.EDITOR, Place(tenant=staff.cafe)) == ""


async def test_roles_stay_where_they_belong(small_staff: Staff) -> None:
    admin = await small_staff.by(await small_staff.hire(Role.PLATFORM_ADMIN))
    agent = await small_staff.hire(Role.AGENT)
    assert await changed(small_staff, admin, agent, Role.PLATFORM_ADMIN) == "role-above"
    assert await changed(small_staff, admin, agent, Role.AGENCY_ADMIN) == "role-above"
    for place, role in ((Place(), Role.OWNER), (Place(agency=small_staff.agency), Role.OWNER)):
        with pytest.raises(Impossible, match="role-above"):
            async with small_staff.db.platform() as session:
                await invites.make(session, admin, place, role)


@pytest.mark.parametrize(("role", "above"), [(Role.OWNER, Role.AGENCY_ADMIN), (Role.PLATFORM_ADMIN, None)])
async def test_the_last_one_stays(staff: Staff, role: Role, above: Role | None) -> None:
    person = await staff.hire(role)
    other = await staff.hire(role, active=False)  # who can't get in does not count
    by = await staff.by(await staff.hire(above)) if above else By.operator(Actor("operator"))
    place = staff.place if role is Role.OWNER else Place()
    if role is Role.OWNER:
        assert await changed(staff, by, person, Role.EDITOR) == "last-owner"
    for leave in (colleagues.remove, switched_off):
        with pytest.raises(Impossible, match="last-owner"):
            async with staff.db.platform() as session:
                await leave(session, by, place, person.id)
    async with staff.db.platform() as session:
        await colleagues.switch(session, by, place, other.id, active=True)
    async with staff.db.platform() as session:
        await colleagues.remove(session, by, place, person.id)
    assert await staff.roles(person) == []


async def switched_off(session: object, by: By, place: Place, person_id: str) -> None:
    await colleagues.switch(session, by, place, person_id, active=False)  # type: ignore[arg-type]  # a session, as above


async def test_two_owners_can_not_remove_each_other_at_once(staff: Staff) -> None:
    one, two = await staff.hire(Role.OWNER), await staff.hire(Role.OWNER)

    by_one, by_two = await staff.by(one), await staff.by(two)

    async def removes(by: By, whom: Person) -> str:
        try:
            async with staff.db.platform() as session:
                await colleagues.remove(session, by, staff.place, whom.id)
        except Impossible as error:
            return error.code
        return ""

    assert sorted(await asyncio.gather(removes(by_one, two), removes(by_two, one))) == ["", "last-owner"]


async def test_one_owner_switched_off_while_the_other_is_removed(staff: Staff) -> None:
    one, two = await staff.hire(Role.OWNER), await staff.hire(Role.OWNER)
    admin = await staff.by(await staff.hire(Role.AGENCY_ADMIN))

    async def done(work: object) -> str:
        try:
            async with staff.db.platform() as session:
                await work(session)  # type: ignore[operator]  # one of the two below
        except Impossible as error:
            return error.code
        return ""

    off = done(lambda session: colleagues.switch(session, admin, staff.place, one.id, active=False))
    gone = done(lambda session: colleagues.remove(session, admin, staff.place, two.id))
    assert sorted(await asyncio.gather(off, gone)) == ["", "last-owner"]


async def test_who_is_switched_off_is_out_at_once_and_so_are_their_links(staff: Staff) -> None:
    owner, editor = await staff.hire(Role.OWNER), await staff.hire(Role.OWNER)
    token = await staff.sign_in(editor)
    async with staff.db.platform() as session:
        await invites.make(session, await staff.by(editor), staff.place, Role.OWNER, "An accomplice")
    async with staff.db.platform() as session:
        await colleagues.switch(session, await staff.by(owner), staff.place, editor.id, active=False)
    async with staff.db.platform(reads=True) as session:
        assert await signed_in.find(session, token) is None
        assert (await session.scalars(select(Invite).where(col(Invite.created_by) == editor.id))).all() == []
    async with staff.db.platform() as session:
        with pytest.raises(Impossible, match="person-self"):
            await colleagues.switch(session, await staff.by(owner), staff.place, owner.id, active=False)


async def test_who_loses_a_role_loses_the_links_made_with_it(staff: Staff) -> None:
    owner, other = await staff.hire(Role.OWNER), await staff.hire(Role.OWNER)
    async with staff.db.platform() as session:
        token = await invites.make(session, await staff.by(other), staff.place, Role.OWNER)
    assert await changed(staff, await staff.by(owner), other, Role.VIEWER) == ""
    async with staff.db.platform(reads=True) as session:
        with pytest.raises(Impossible, match="invite-gone"):
            await invites.opened(session, token)


async def test_who_works_elsewhere_is_not_taken_over(staff: Staff) -> None:
    """An owner must not reach another business by its people's passwords."""
    owner, editor = await staff.hire(Role.OWNER), await staff.hire(Role.EDITOR)
    await staff.grant(editor, Role.VIEWER, staff.cafe)
    by, above = await staff.by(owner), await staff.by(await staff.hire(Role.AGENCY_ADMIN))
    async with staff.db.platform() as session:
        with pytest.raises(Impossible, match="person-elsewhere"):
            await invites.for_password(session, by, staff.place, editor.id)
        with pytest.raises(Impossible, match="person-elsewhere"):
            await colleagues.switch(session, by, staff.place, editor.id, active=False)
        assert await invites.for_password(session, above, staff.place, editor.id)
    async with staff.db.platform() as session:
        await colleagues.remove(session, by, staff.place, editor.id)
    assert await staff.roles(editor) == [Role.VIEWER]


async def test_deeds_are_written_where_they_belong(staff: Staff) -> None:
    owner, agent = await staff.hire(Role.OWNER), await staff.hire(Role.AGENT, login="samir")
    assert await changed(staff, await staff.by(owner), agent, Role.EDITOR) == ""
    [deed] = await staff.deeds()
    assert (deed.tenant_id, deed.action, deed.thing) == (staff.shop.id, "people.role", "samir")
    assert (deed.before, deed.after, deed.person_id) == ({"role": "agent"}, {"role": "editor"}, owner.id)
