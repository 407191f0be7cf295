"""Browsers in which somebody is signed in: a cookie's digest in our store, which can be taken away at any time."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlmodel import col

from tenants.models import AccessGrant, Agency, Person, SignIn, now
from tenants.people.roles import Reach

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

# Signed in for so long after the last visit, and never longer than this after signing in.
IDLE, LONGEST = timedelta(days=7), timedelta(days=30)
# Until the second factor was given.
HALF = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=1)
LONGEST_BROWSER = 200


@dataclass(frozen=True)
class SignedIn:
    """Somebody who is signed in here, and all they may reach."""

    person: Person
    sign_in: SignIn
    reach: Reach


async def begin(session: AsyncSession, person_id: str, *, whole: bool, address: str = "", browser: str = "") -> str:
    """Sign a person in and give the secret of the cookie; `whole` unless a second factor is still to be given."""
    token, at = secrets.token_urlsafe(32), now()
    row = SignIn(
        digest=_digest(token),
        csrf=secrets.token_urlsafe(24),
        person_id=person_id,
        whole=whole,
        address=address,
        browser=browser[:LONGEST_BROWSER],
        created_at=at,
        seen_at=at,
        expires_at=at + (IDLE if whole else HALF),
    )
    session.add(row)
    if whole:
        (await session.get_one(Person, person_id)).seen_at = at
    return token


async def find(session: AsyncSession, token: str) -> SignedIn | None:
    """Who is signed in with this cookie; None for one that is over, unknown, or of somebody who was switched off."""
    asked = (
        select(SignIn, Person, AccessGrant, col(Agency.off_at))
        .join(Person, col(Person.id) == col(SignIn.person_id))
        .outerjoin(AccessGrant, col(AccessGrant.person_id) == col(Person.id))
        .outerjoin(Agency, col(Agency.id) == col(AccessGrant.agency_id))
    )
    asked = asked.where(col(SignIn.digest) == _digest(token), col(Person.active), col(SignIn.expires_at) > now())
    rows = (await session.execute(asked)).all()
    if not rows:
        return None
    sign_in, person, *_ = rows[0]
    # What an agency gave counts no more while it is switched off.
    grants = [grant for *_, grant, off_at in rows if off_at is None]
    return SignedIn(person, sign_in, Reach.of(filter(None, grants)))


async def seen(session: AsyncSession, sign_in_id: str) -> None:
    """Note that they are still there, which keeps them signed in."""
    row, at = await session.get(SignIn, sign_in_id), now()
    if row is not None and row.whole:
        row.seen_at, row.expires_at = at, min(at + IDLE, row.created_at + LONGEST)
        (await session.get_one(Person, row.person_id)).seen_at = at


async def end(session: AsyncSession, sign_in_id: str) -> None:
    """Sign this browser out."""
    await session.execute(delete(SignIn).where(col(SignIn.id) == sign_in_id))


async def end_all(session: AsyncSession, person_id: str, *, but: str = "") -> None:
    """Sign a person out everywhere, except in the browser of this sign-in."""
    await session.execute(delete(SignIn).where(col(SignIn.person_id) == person_id, col(SignIn.id) != but))


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
