"""What somebody changes about themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from errors import Impossible
from tenants import audit
from tenants.models import Agency, Person, SignIn, Tenant, now
from tenants.people import entering, invites, names, passwords, second, signed_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from tenants.audit import Actor
    from tenants.db import Database
    from tenants.people.roles import Reach
    from tenants.people.signed_in import SignedIn
    from tenants.vault import Vault


async def save(session: AsyncSession, actor: Actor, person_id: str, name: str, language: str) -> None:
    """Change one's name and language; `Impossible`: "name-wrong", "language-wrong"."""
    if language not in names.LANGUAGES:
        raise Impossible("language-wrong", f"choose among {', '.join(names.LANGUAGES)}")
    person = await session.get_one(Person, person_id)
    before = {"name": person.name, "language": person.language}
    person.name, person.language = names.name_of(name), language
    after = {"name": person.name, "language": language}
    audit.record(session, actor, "people.profile", person.login, before=before, after=after)


async def change_password(db: Database, actor: Actor, who: SignedIn, old: str, new: str) -> None:
    """Change one's password; every other browser is signed out, and links for a new one are void.

    Raises `Forged("password-wrong")`, `Retryable("sign-in-wait")` and what is wrong with the new one.
    """
    passwords.check(new, login=who.person.login)
    await entering.prove(db, who.person.id, old)
    kept = await passwords.hashed(new)
    async with db.platform() as session:
        person = await session.get_one(Person, who.person.id)
        person.password = kept
        await signed_in.end_all(session, person.id, but=who.sign_in.id)
        await invites.void(session, person.id)
        audit.record(session, actor, "people.new-password", person.login)


async def second_off(db: Database, vault: Vault, actor: Actor, who: SignedIn, password: str, code: str) -> None:
    """Switch one's second factor off with password and code.

    Raises `Forged` ("password-wrong", "code-wrong") and `Retryable("sign-in-wait")`.
    """
    await entering.prove(db, who.person.id, password)
    await entering.prove_code(db, vault, who.person.id, code)
    async with db.platform() as session:
        await second.off(session, who.person.id)
        audit.record(session, actor, "people.second-off", who.person.login)


async def new_codes(db: Database, actor: Actor, who: SignedIn, password: str) -> list[str]:
    """Fresh recovery codes for somebody's password; `Forged`, `Retryable` and `Impossible` as the parts say."""
    await entering.prove(db, who.person.id, password)
    async with db.platform() as session:
        codes = await second.renew(session, who.person.id)
        audit.record(session, actor, "people.recovery-codes", who.person.login)
    return codes


async def browsers(session: AsyncSession, person_id: str) -> Sequence[SignIn]:
    """Where somebody is signed in, seen last first."""
    asked = select(SignIn).where(col(SignIn.person_id) == person_id, col(SignIn.expires_at) > now(), col(SignIn.whole))
    return (await session.scalars(asked.order_by(col(SignIn.seen_at).desc(), col(SignIn.id)))).all()


async def sign_out_of(session: AsyncSession, person_id: str, sign_in_id: str) -> None:
    """Sign one of one's own browsers out; `Impossible("missing")` for another's."""
    row = await session.get(SignIn, sign_in_id)
    if row is None or row.person_id != person_id:
        raise Impossible("missing", "it is signed out already")
    await signed_in.end(session, sign_in_id)


async def places(session: AsyncSession, reach: Reach) -> tuple[Sequence[Agency], Sequence[Tenant]]:
    """The agencies and the businesses that somebody was given a role of, by name."""
    agencies = select(Agency).where(col(Agency.id).in_(reach.agencies)).order_by(col(Agency.name))
    tenants = select(Tenant).where(col(Tenant.id).in_(reach.tenants)).order_by(col(Tenant.name_ar))
    return (await session.scalars(agencies)).all(), (await session.scalars(tenants)).all()
