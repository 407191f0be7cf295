"""The second factor: codes of an app by the clock, each good once, and recovery codes for who lost the app."""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pyotp
from sqlalchemy import select, update
from sqlmodel import col

from errors import Forged, Impossible
from tenants.models import Person, now
from tenants.vault import Where

if TYPE_CHECKING:
    from pydantic import SecretStr
    from sqlalchemy.ext.asyncio import AsyncSession

    from tenants.vault import Vault

STEP_SECONDS = 30
# Clocks of telephones are off by less than a step; codes are good from one before to one after.
DRIFT = 1
RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_CODE = re.compile(r"[0-9]{6}")
_RECOVERY = re.compile(rf"[{_LETTERS}]{{16}}")


@dataclass(frozen=True)
class Proposed:
    """What the app is to learn: its secret as letters to type, and the same as an address to scan."""

    secret: str
    address: str


async def propose(session: AsyncSession, vault: Vault, person_id: str, issuer: str) -> Proposed:
    """A fresh secret, in force once a code of it was confirmed; `Impossible("second-on")` where one is already."""
    person = await _held(session, person_id)
    if person.totp_at is not None:
        raise Impossible("second-on", "switch the second step off first")
    secret = pyotp.random_base32()
    person.totp, person.totp_step = vault.seal(secret, _where(person_id)), 0
    return _proposed(secret, person.login, issuer)


async def proposed(session: AsyncSession, vault: Vault, person_id: str, issuer: str) -> Proposed | None:
    """The secret that waits to be confirmed; None when none does."""
    person = await session.get_one(Person, person_id)
    if person.totp is None or person.totp_at is not None:
        return None
    return _proposed(_secret(vault, person).get_secret_value(), person.login, issuer)


async def confirm(session: AsyncSession, vault: Vault, person_id: str, code: str) -> list[str]:
    """Put the proposed secret in force and give the recovery codes, this once.

    Raises `Forged("code-wrong")` and `Impossible("second-missing")` when nothing was proposed.
    """
    person = await _held(session, person_id)
    if person.totp is None or person.totp_at is not None:
        raise Impossible("second-missing", "begin again")
    if not await _by_clock(session, vault, person, code):
        raise Forged("code-wrong", "look whether the telephone's clock is right")
    person.totp_at = now()
    return _recovered(person)


async def renew(session: AsyncSession, person_id: str) -> list[str]:
    """Fresh recovery codes; those of before are void. `Impossible("second-missing")` without a second factor."""
    person = await _held(session, person_id)
    if person.totp_at is None:
        raise Impossible("second-missing", "set the second step up first")
    return _recovered(person)


async def given(session: AsyncSession, vault: Vault, person_id: str, code: str) -> bool:
    """Whether this is a code of theirs that nobody has used; from now on it is used."""
    person = await _held(session, person_id)
    plain = re.sub(r"[\s-]", "", code[:64]).lower()
    if person.totp_at is None:
        return False
    return await _by_clock(session, vault, person, plain) or _by_recovery(person, plain)


async def off(session: AsyncSession, person_id: str) -> None:
    """Ask this person for no second factor any more."""
    person = await _held(session, person_id)
    person.totp = person.totp_at = None
    person.totp_step, person.recovery = 0, []


def step_of(code: str, secret: str, at: datetime, drift: int = DRIFT) -> int | None:
    """The step of time, counted from 1970, that this is the code of; None when it is of none nearby."""
    if not _CODE.fullmatch(code):
        return None
    totp, here = pyotp.TOTP(secret, interval=STEP_SECONDS), int(at.timestamp()) // STEP_SECONDS
    found = [
        step
        for step in range(here - drift, here + drift + 1)
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode())
    ]
    return found[-1] if found else None


async def _by_clock(session: AsyncSession, vault: Vault, person: Person, code: str) -> bool:
    """Compare and set in the database: of two who bring the same code at once, one is let in."""
    step = step_of(code, _secret(vault, person).get_secret_value(), now())
    if step is None:
        return False
    later = col(Person.id) == person.id, col(Person.totp_step) < step
    used: Any = await session.execute(update(Person).where(*later).values(totp_step=step))
    return bool(used.rowcount)


def _by_recovery(person: Person, code: str) -> bool:
    """The person's row is held, so that a code is used once."""
    digest = _digest(person.id, code)
    if not _RECOVERY.fullmatch(code) or digest not in person.recovery:
        return False
    person.recovery = [one for one in person.recovery if one != digest]
    return True


async def _held(session: AsyncSession, person_id: str) -> Person:
    asked = select(Person).where(col(Person.id) == person_id).with_for_update()
    return (await session.scalars(asked.execution_options(populate_existing=True))).one()


def _proposed(secret: str, login: str, issuer: str) -> Proposed:
    return Proposed(secret, pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(name=login, issuer_name=issuer))


def _recovered(person: Person) -> list[str]:
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(16)) for _ in range(RECOVERY_CODES)]
    person.recovery = [_digest(person.id, code) for code in codes]
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


def _secret(vault: Vault, person: Person) -> SecretStr:
    return vault.open(person.totp or "", _where(person.id))


def _digest(person_id: str, code: str) -> str:
    return sha256(f"{person_id}:{code}".encode("utf-8", "surrogatepass")).hexdigest()


def _where(person_id: str) -> Where:
    return Where("person", person_id, "totp")
