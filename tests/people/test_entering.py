"""Signing in: who is let in, who waits, and that strangers learn nothing."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from errors import Forged, Retryable
from tenants.models import Attempt, Person, now
from tenants.people import attempts, entering, passwords, signed_in
from tenants.people.entering import Browser
from tenants.people.roles import Role
from tests.people.staff import HERE, PASSWORD, Staff


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = now()

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(attempts, "now", made)
    return made


async def wrong(staff: Staff, login: str, browser: Browser = HERE) -> str:
    """The code with which a wrong password is refused."""
    with pytest.raises((Forged, Retryable)) as refused:
        await entering.by_password(staff.db, login, "not the password", browser)
    return refused.value.code


async def test_the_right_password_signs_in(staff: Staff) -> None:
    person = await staff.with_password(login="mona@shop.example")
    entered = await entering.by_password(staff.db, " MONA@Shop.example", PASSWORD, HERE)
    assert entered.whole
    async with staff.db.platform(reads=True) as session:
        found = await signed_in.find(session, entered.token)
        attempted = (await session.scalars(select(Attempt))).all()
    assert found is not None
    assert (found.person.id, found.sign_in.address, found.sign_in.browser) == (person.id, HERE.address, HERE.name)
    assert [one.failures for one in attempted] == [0]
    [deed] = await staff.deeds()
    assert (deed.action, deed.person_id, deed.address) == ("people.sign-in", person.id, HERE.address)


async def test_strangers_wait_as_long_as_anybody(staff: Staff, clock: Clock) -> None:
    person = await staff.with_password()
    for login in (person.login, "nobody-here"):
        assert [await wrong(staff, login) for _ in range(5)] == ["sign-in-wrong"] * 5
        assert await wrong(staff, login) == "sign-in-wait"
    with pytest.raises(Retryable) as waits:
        await entering.by_password(staff.db, person.login, PASSWORD, HERE)
    assert waits.value.after == 30
    clock.at += timedelta(seconds=31)
    assert await wrong(staff, person.login) == "sign-in-wrong"
    with pytest.raises(Retryable) as longer:
        await entering.by_password(staff.db, person.login, PASSWORD, HERE)
    assert longer.value.after == 60
    clock.at += timedelta(seconds=61)
    assert (await entering.by_password(staff.db, person.login, PASSWORD, HERE)).whole
    assert await wrong(staff, person.login) == "sign-in-wrong"


async def test_many_at_once_are_counted_one_by_one(staff: Staff) -> None:
    person = await staff.with_password()
    codes = await asyncio.gather(*(wrong(staff, person.login) for _ in range(12)))
    assert sorted(codes) == ["sign-in-wait"] * 7 + ["sign-in-wrong"] * 5


async def test_one_address_can_not_try_everybody(small_staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_NOBODY", PasswordHasher(1, 8, 1).hash(b"nobody"))
    codes = [await wrong(small_staff, f"guess-{n}") for n in range(31)]
    assert codes == ["sign-in-wrong"] * 30 + ["sign-in-wait"]
    assert await wrong(small_staff, "guess-1", Browser("192.0.2.8")) == "sign-in-wrong"
    assert attempts.of_address("2001:db8::1") == attempts.of_address("2001:db8::ffff:2")
    assert attempts.of_address("2001:db8::1") != attempts.of_address("2001:db8:0:1::1")


async def test_of_what_was_typed_nothing_is_kept(small_staff: Staff) -> None:
    await wrong(small_staff, "my-secret-password-typed-as-login")
    async with small_staff.db.platform(reads=True) as session:
        kept = repr((await session.scalars(select(Attempt))).all())
    assert "secret" not in kept
    assert HERE.address not in kept


async def test_old_tries_are_forgotten(staff: Staff, clock: Clock) -> None:
    await wrong(staff, "long-ago")
    clock.at += timedelta(days=2)
    await wrong(staff, "today")
    async with staff.db.platform(reads=True) as session:
        kept = {row.key for row in (await session.scalars(select(Attempt))).all()}
    assert attempts.of_login("long-ago").key not in kept
    assert attempts.of_login("today").key in kept


async def test_who_is_switched_off_does_not_come_in(staff: Staff) -> None:
    person = await staff.with_password(active=False)
    with pytest.raises(Forged, match="sign-in-wrong"):
        await entering.by_password(staff.db, person.login, PASSWORD, HERE)


async def test_an_old_hash_is_made_anew(staff: Staff) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    person = await staff.hire(Role.AGENT, password=old)
    await entering.by_password(staff.db, person.login, PASSWORD, HERE)
    async with staff.db.platform(reads=True) as session:
        kept = (await session.get_one(Person, person.id)).password
    assert kept != old
    assert not passwords.stale(kept)
    assert await passwords.fits(kept, PASSWORD)


@pytest.mark.parametrize("login", ["", "\0", "x" * 5000, "\ud800", "' OR 1=1 --"])
async def test_whatever_is_typed_is_just_wrong(staff: Staff, login: str) -> None:
    assert await wrong(staff, login) == "sign-in-wrong"
