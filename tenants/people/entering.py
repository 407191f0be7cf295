"""Signing in: by password, then by a second factor where somebody set one up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlmodel import col

from errors import Forged
from tenants import audit
from tenants.audit import Actor
from tenants.models import Person, SignIn, now
from tenants.people import attempts, passwords, second, signed_in
from tenants.people.names import can_be_login, login_of

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from tenants.db import Database
    from tenants.people.signed_in import SignedIn
    from tenants.vault import Vault


@dataclass(frozen=True)
class Browser:
    """From where somebody comes: the network's `address`, and what their browser calls itself."""

    address: str = ""
    name: str = ""


@dataclass(frozen=True)
class Entered:
    """The secret of the cookie; not `whole` while the second factor is still to be given."""

    token: str
    whole: bool


async def by_password(db: Database, login: str, password: str, browser: Browser) -> Entered:
    """Sign in; `Forged("sign-in-wrong")` whatever was wrong, `Retryable("sign-in-wait")` after too many tries.

    Somebody unknown takes as long as anybody, and waits as long.
    """
    named = login_of(login)
    tries = attempts.of_login(named), attempts.of_address(browser.address)
    async with db.platform() as session:
        await attempts.spend(session, tries)
        person = await _active(session, named)
    kept = person.password if person else ""
    if not await passwords.fits(kept, password) or person is None:
        raise Forged("sign-in-wrong", "the name or the password is wrong")
    fresh = await passwords.hashed(password) if passwords.stale(kept) else kept
    async with db.platform() as session:
        found = await _active(session, named)
        if found is None or found.password != kept:
            raise Forged("sign-in-wrong", "the password was changed just now")
        found.password = fresh
        await attempts.settle(session, tries[0], tries[1:])
        return await _begun(session, found, browser, whole=found.totp_at is None)


async def by_code(db: Database, vault: Vault, half: SignedIn, code: str, browser: Browser) -> Entered:
    """Give the second factor, a code of the app or a recovery code; another cookie takes the half one's place.

    Raises `Forged("code-wrong")`, also for a code that was used before, and `Retryable("sign-in-wait")`.
    """
    await prove_code(db, vault, half.person.id, code)
    async with db.platform() as session:
        await signed_in.end(session, half.sign_in.id)
        person = await session.get_one(Person, half.person.id)
        return await _begun(session, person, browser, whole=True)


async def prove(db: Database, person_id: str, password: str) -> None:
    """Make sure that it is really them before something grave; `Forged("password-wrong")` and `Retryable`."""
    async with db.platform() as session:
        person = await session.get_one(Person, person_id)
        tries = attempts.of_login(person.login)
        await attempts.spend(session, [tries])
    if not await passwords.fits(person.password, password):
        raise Forged("password-wrong", "this is not your password")
    async with db.platform() as session:
        await attempts.settle(session, tries)


async def prove_code(db: Database, vault: Vault, person_id: str, code: str) -> None:
    """Make sure that they have their second factor; `Forged("code-wrong")` and `Retryable("sign-in-wait")`."""
    tries = attempts.of_second(person_id)
    async with db.platform() as session:
        await attempts.spend(session, [tries])
    async with db.platform() as session:
        if not await second.given(session, vault, person_id, code):
            raise Forged("code-wrong", "wait for the next code of the app")
        await attempts.settle(session, tries)


async def _active(session: AsyncSession, login: str) -> Person | None:
    if not can_be_login(login):
        return None
    asked = select(Person).where(col(Person.login) == login, col(Person.active))
    return (await session.scalars(asked)).one_or_none()


async def _begun(session: AsyncSession, person: Person, browser: Browser, *, whole: bool) -> Entered:
    await session.execute(delete(SignIn).where(col(SignIn.expires_at) < now()))
    address, name = browser.address, browser.name
    token = await signed_in.begin(session, person.id, whole=whole, address=address, browser=name)
    if whole:
        audit.record(session, Actor(person.name, person.id, address), "people.sign-in", person.login)
    return Entered(token, whole)
