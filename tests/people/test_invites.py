"""Links: good for seven days and once, for a new colleague, one who is here already, or a new password."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from errors import Forged, Impossible
from tenants.audit import Actor
from tenants.models import Invite, Person, now
from tenants.people import entering, first, invites, profile, signed_in
from tenants.people.places import By, Place
from tenants.people.roles import Role
from tests.people.staff import HERE, PASSWORD, Staff


async def invited(staff: Staff, role: Role = Role.EDITOR, place: Place | None = None) -> str:
    async with staff.db.platform() as session:
        return await invites.make(session, By.operator(Actor("operator")), place or staff.place, role, "Samir")


def fresh(login: str = "samir") -> Person:
    return Person(login=login, name="Samir", language="en")


async def test_a_link_makes_a_colleague_once(staff: Staff) -> None:
    token = await invited(staff)
    outcomes = await asyncio.gather(
        *(invites.accept(staff.db, token, fresh(f"samir-{n}"), PASSWORD) for n in range(4)), return_exceptions=True
    )
    [person] = [one for one in outcomes if isinstance(one, Person)]
    assert {str(getattr(one, "code", "")) for one in outcomes if one is not person} == {"invite-gone"}
    assert await staff.roles(person) == ["editor"]
    assert (await entering.by_password(staff.db, person.login, PASSWORD, HERE)).whole
    async with staff.db.platform(reads=True) as session:
        assert len((await session.scalars(select(Person))).all()) == 1
        assert await invites.pending(session, staff.place) == []
        assert token not in repr((await session.scalars(select(Invite))).all())
    assert token not in repr([deed.model_dump() for deed in await staff.deeds()])


async def test_a_link_is_over_after_seven_days(staff: Staff) -> None:
    token = await invited(staff)
    async with staff.db.platform() as session:
        [row] = await invites.pending(session, staff.place)
        assert timedelta(days=6, hours=23) < row.expires_at - now() <= timedelta(days=7)
        await session.execute(update(Invite).values(expires_at=now()))
    with pytest.raises(Impossible, match="invite-gone"):
        await invites.accept(staff.db, token, fresh(), PASSWORD)


@pytest.mark.parametrize("token", ["", "\0", "x" * 43, "\ud800"])
async def test_a_made_up_link_is_none(staff: Staff, token: str) -> None:
    async with staff.db.platform(reads=True) as session:
        with pytest.raises(Impossible, match="invite-gone"):
            await invites.opened(session, token)


async def test_what_is_wrong_with_a_form_leaves_the_link_good(staff: Staff) -> None:
    token = await invited(staff)
    await staff.hire(Role.AGENT, login="taken")
    for login, name, password, code in (
        ("taken", "Samir", PASSWORD, "login-taken"),
        ("with space", "Samir", PASSWORD, "login-wrong"),
        ("samir", " ", PASSWORD, "name-wrong"),
        ("samir", "Samir", "short", "password-short"),
        ("samir.samir", "Samir", "samir.samir", "password-weak"),
    ):
        with pytest.raises(Impossible, match=code):
            await invites.accept(staff.db, token, Person(login=login, name=name), password)
    assert await staff.roles(await invites.accept(staff.db, token, fresh(), PASSWORD)) == ["editor"]


async def test_who_is_here_already_joins_with_what_they_have(staff: Staff) -> None:
    person = await staff.hire(Role.VIEWER, staff.foreign)
    for role, expected in ((Role.AGENT, Role.AGENT), (Role.VIEWER, Role.AGENT), (Role.EDITOR, Role.EDITOR)):
        token = await invited(staff, role)
        async with staff.db.platform() as session:
            await invites.join(session, token, person)
        assert await staff.roles(person) == sorted([expected, Role.VIEWER])
        with pytest.raises(Impossible, match="invite-gone"):
            async with staff.db.platform() as session:
                await invites.join(session, token, person)


async def test_a_new_password_signs_every_browser_out(staff: Staff) -> None:
    owner, person = await staff.hire(Role.OWNER), await staff.with_password(Role.AGENT)
    cookie = await staff.sign_in(person)
    async with staff.db.platform() as session:
        first_token = await invites.for_password(session, await staff.by(owner), staff.place, person.id)
    async with staff.db.platform() as session:
        token = await invites.for_password(session, await staff.by(owner), staff.place, person.id)
    for wrong in (first_token, await invited(staff)):
        with pytest.raises(Impossible, match="invite-gone"):
            await invites.choose_password(staff.db, wrong, "another long passphrase")
    with pytest.raises(Impossible, match="invite-gone"):
        await invites.accept(staff.db, token, fresh(), PASSWORD)
    assert await invites.choose_password(staff.db, token, "another long passphrase") == person.id
    async with staff.db.platform(reads=True) as session:
        assert await signed_in.find(session, cookie) is None
    with pytest.raises(Forged):
        await entering.by_password(staff.db, person.login, PASSWORD, HERE)
    assert (await entering.by_password(staff.db, person.login, "another long passphrase", HERE)).whole
    with pytest.raises(Impossible, match="invite-gone"):
        await invites.choose_password(staff.db, token, "a third long passphrase")


async def test_ones_own_password_ends_other_browsers_and_links(staff: Staff) -> None:
    person = await staff.with_password()
    here, there = await staff.sign_in(person), await staff.sign_in(person)
    by = await staff.by(person)
    async with staff.db.platform() as session:
        token = await invites.for_password(session, by, staff.place, person.id)
        who = await signed_in.find(session, here)
    assert who is not None
    with pytest.raises(Forged, match="password-wrong"):
        await profile.change_password(staff.db, by.actor, who, "not mine", "another long passphrase")
    await profile.change_password(staff.db, by.actor, who, PASSWORD, "another long passphrase")
    async with staff.db.platform(reads=True) as session:
        assert await signed_in.find(session, here)
        assert await signed_in.find(session, there) is None
        with pytest.raises(Impossible, match="invite-gone"):
            await invites.opened(session, token)


async def test_the_first_link_is_for_who_starts_the_platform(staff: Staff) -> None:
    one = await first.first_link(staff.db, "https://sawtak.example")
    two = await first.first_link(staff.db, "https://sawtak.example")
    assert one
    assert two
    assert two.startswith("https://sawtak.example/admin/invite/")
    old, new = one.rpartition("/")[2], two.rpartition("/")[2]
    with pytest.raises(Impossible, match="invite-gone"):
        await invites.accept(staff.db, old, fresh(), PASSWORD)
    admin = await invites.accept(staff.db, new, fresh(), PASSWORD)
    assert await staff.roles(admin) == ["platform-admin"]
    assert await first.first_link(staff.db, "https://sawtak.example") is None


async def test_an_invitation_can_be_withdrawn_by_who_could_make_it(staff: Staff) -> None:
    token = await invited(staff, Role.OWNER)
    editor, owner = await staff.by(await staff.hire(Role.EDITOR)), await staff.by(await staff.hire(Role.OWNER))
    async with staff.db.platform() as session:
        [row] = await invites.pending(session, staff.place)
        with pytest.raises(Impossible, match="role-above"):
            await invites.withdraw(session, editor, staff.place, row.id)
        with pytest.raises(Impossible, match="invite-missing"):
            await invites.withdraw(session, owner, Place(tenant=staff.cafe), row.id)
    async with staff.db.platform() as session:
        await invites.withdraw(session, owner, staff.place, row.id)
    with pytest.raises(Impossible, match="invite-gone"):
        await invites.accept(staff.db, token, fresh(), PASSWORD)
