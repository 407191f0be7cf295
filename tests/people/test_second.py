"""The second factor: codes are good once, recovery codes are good once, nothing of them is kept in the clear."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import Forged, Impossible, Retryable
from tenants.models import Person
from tenants.people import entering, profile, second, signed_in
from tenants.people.signed_in import SignedIn
from tenants.vault import SealBroken, Vault, Where
from tests.people.staff import HERE, PASSWORD, Staff

AT = datetime(2026, 3, 5, 9, 0, 10, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    at = [AT]
    monkeypatch.setattr(second, "now", lambda: at[0])
    return at


@pytest.fixture
def vault() -> Vault:
    return Vault.generate()


def code(secret: str, at: datetime) -> str:
    return pyotp.TOTP(secret).at(at)


async def set_up(staff: Staff, vault: Vault, clock: list[datetime]) -> tuple[Person, str, list[str]]:
    """Somebody with a second factor in force; the next code is fresh."""
    person = await staff.with_password()
    async with staff.db.platform() as session:
        proposed = await second.propose(session, vault, person.id, "Sawtak")
    async with staff.db.platform() as session:
        codes = await second.confirm(session, vault, person.id, code(proposed.secret, clock[0]))
    clock[0] += timedelta(seconds=30)
    return person, proposed.secret, codes


async def half(staff: Staff, person: Person) -> SignedIn:
    entered = await entering.by_password(staff.db, person.login, PASSWORD, HERE)
    assert not entered.whole
    async with staff.db.platform(reads=True) as session:
        found = await signed_in.find(session, entered.token)
    assert found is not None
    return found


async def test_a_password_alone_gets_half_in(staff: Staff, vault: Vault, clock: list[datetime]) -> None:
    person, secret, _ = await set_up(staff, vault, clock)
    visitor = await half(staff, person)
    entered = await entering.by_code(staff.db, vault, visitor, code(secret, clock[0]), HERE)
    async with staff.db.platform(reads=True) as session:
        whole = await signed_in.find(session, entered.token)
    assert whole is not None
    assert whole.sign_in.whole
    assert whole.sign_in.id != visitor.sign_in.id
    assert await staff.browsers(person) == 1


async def test_a_code_is_good_once(staff: Staff, vault: Vault, clock: list[datetime]) -> None:
    person, secret, _ = await set_up(staff, vault, clock)
    used = code(secret, clock[0])

    async def tried() -> bool:
        async with staff.db.platform() as session:
            return await second.given(session, vault, person.id, used)

    assert sorted(await asyncio.gather(*(tried() for _ in range(6)))) == [False] * 5 + [True]
    clock[0] += timedelta(seconds=30)
    assert not await tried()
    async with staff.db.platform() as session:
        assert not await second.given(session, vault, person.id, code(secret, clock[0] - timedelta(seconds=60)))
        assert await second.given(session, vault, person.id, code(secret, clock[0]))


async def test_the_code_that_confirmed_does_not_sign_in(staff: Staff, vault: Vault, clock: list[datetime]) -> None:
    person, secret, _ = await set_up(staff, vault, clock)
    with pytest.raises(Forged, match="code-wrong"):
        await entering.by_code(staff.db, vault, await half(staff, person), code(secret, AT), HERE)


async def test_a_recovery_code_is_good_once(staff: Staff, vault: Vault, clock: list[datetime]) -> None:
    person, _, codes = await set_up(staff, vault, clock)
    assert len(set(codes)) == second.RECOVERY_CODES

    async def tried(text: str) -> bool:
        async with staff.db.platform() as session:
            return await second.given(session, vault, person.id, text)

    assert sorted(await asyncio.gather(*(tried(codes[0].upper()) for _ in range(4)))) == [False] * 3 + [True]
    assert await tried(codes[1].replace("-", " "))
    async with staff.db.platform(reads=True) as session:
        kept = await session.get_one(Person, person.id)
    assert len(kept.recovery) == second.RECOVERY_CODES - 2
    assert not any(one.replace("-", "") in repr(kept) for one in codes)


async def test_codes_can_not_be_guessed_quickly(staff: Staff, vault: Vault, clock: list[datetime]) -> None:
    person, secret, _ = await set_up(staff, vault, clock)
    visitor = await half(staff, person)
    for _ in range(5):
        with pytest.raises(Forged, match="code-wrong"):
            await entering.by_code(staff.db, vault, visitor, "12345", HERE)
    with pytest.raises(Retryable, match="sign-in-wait"):
        await entering.by_code(staff.db, vault, await half(staff, person), code(secret, clock[0]), HERE)


async def test_the_secret_is_sealed_for_its_person(staff: Staff, vault: Vault, clock: list[datetime]) -> None:
    person, secret, _ = await set_up(staff, vault, clock)
    async with staff.db.platform(reads=True) as session:
        kept = await session.get_one(Person, person.id)
    assert secret not in repr(kept)
    assert vault.open(kept.totp or "", Where("person", person.id, "totp")).get_secret_value() == secret
    with pytest.raises(SealBroken):
        vault.open(kept.totp or "", Where("person", "another", "totp"))


async def test_it_goes_with_password_and_code_only(staff: Staff, vault: Vault, clock: list[datetime]) -> None:
    person, secret, codes = await set_up(staff, vault, clock)
    by = await staff.by(person)
    async with staff.db.platform() as session:
        assert (await session.get_one(Person, person.id)).totp_at
        with pytest.raises(Impossible, match="second-on"):
            await second.propose(session, vault, person.id, "Sawtak")
    visitor = await half(staff, person)
    tries = [("wrong", code(secret, clock[0]), "password-wrong"), (PASSWORD, "000000", "code-wrong")]
    for password, given_code, expected in tries:
        with pytest.raises(Forged, match=expected):
            await profile.second_off(staff.db, vault, by.actor, visitor, password, given_code)
    fresh = await profile.new_codes(staff.db, by.actor, visitor, PASSWORD)
    with pytest.raises(Forged, match="code-wrong"):
        await profile.second_off(staff.db, vault, by.actor, visitor, PASSWORD, codes[0])
    await profile.second_off(staff.db, vault, by.actor, visitor, PASSWORD, fresh[0])
    assert (await entering.by_password(staff.db, person.login, PASSWORD, HERE)).whole
    told = repr([deed.model_dump() for deed in await staff.deeds()])
    assert not any(one in told for one in (*codes, *fresh, secret, PASSWORD))


@given(st.text(max_size=20), st.integers(min_value=-3, max_value=3))
def test_only_codes_of_now_are_codes(text: str, steps: int) -> None:
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    assert second.step_of(text, secret, AT) is None or text in {
        code(secret, AT + timedelta(seconds=30 * each)) for each in (-1, 0, 1)
    }
    found = second.step_of(code(secret, AT + timedelta(seconds=30 * steps)), secret, AT)
    assert (found is not None) == (abs(steps) <= second.DRIFT)
