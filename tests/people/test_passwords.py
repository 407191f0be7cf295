"""Passwords and logins, as people type them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import Impossible
from tenants.people import names, passwords

FEW = settings(max_examples=15, deadline=None)


def refusal(work: Callable[[], object]) -> str:
    """The code with which it is refused; empty when it is not."""
    try:
        work()
    except Impossible as error:
        return error.code
    return ""


@FEW
@given(st.text(max_size=300))
async def test_what_was_chosen_fits_and_nothing_else_does(typed: str) -> None:
    if refusal(lambda: passwords.check(typed)):
        return
    kept = await passwords.hashed(typed)
    assert kept.startswith("$argon2id$")
    assert await passwords.fits(kept, typed)
    assert not await passwords.fits(kept, typed + "x")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password-short"),
        ("x" * 201, "password-long"),
        ("aaaaaaaaaaaaaaa", "password-weak"),
        ("Password1234567890", "password-weak"),
        ("mona.shop12mona.shop12", "password-weak"),
    ],
)
def test_easily_guessed_passwords_are_refused(password: str, code: str) -> None:
    with pytest.raises(Impossible, match=code):
        passwords.check(password, login="mona.shop12")


async def test_keyboards_may_compose_letters_their_own_way() -> None:
    kept = await passwords.hashed("cafe\u0301 au lait é")
    assert await passwords.fits(kept, "caf\u00e9 au lait e\u0301")


async def test_nobody_fits_nothing_and_broken_hashes_fit_nobody() -> None:
    assert not await passwords.fits("", "nobody's password")
    assert not await passwords.fits("not a hash", "anything at all")
    assert not await passwords.fits(await passwords.hashed("x" * 20), "x" * 5000)


async def test_a_hash_of_other_parameters_is_stale() -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("some long words")
    assert passwords.stale(old)
    assert not passwords.stale(await passwords.hashed("some long words"))


@given(st.text(max_size=100))
def test_a_login_is_plain_or_refused(typed: str) -> None:
    if refusal(lambda: names.new_login(typed)):
        return
    login = names.new_login(typed)
    assert login.isascii()
    assert login == names.new_login(login) == names.login_of(typed)


@given(st.text(max_size=200))
def test_a_name_can_be_seen_or_is_refused(typed: str) -> None:
    if refusal(lambda: names.name_of(typed)):
        return
    name = names.name_of(typed)
    assert name.isprintable()
    assert 0 < len(name) <= names.LONGEST_NAME
