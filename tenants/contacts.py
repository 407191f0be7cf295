"""Who wrote: one contact per person, whatever names the networks know them by."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from tenants.db import scope_of
from tenants.models import Contact, ContactIdentity, Conversation

Identity = tuple[str, str]


async def resolve(
    session: AsyncSession, identities: Sequence[Identity], name: str | None, language: str | None
) -> Contact:
    """Find or make the contact with any of these (kind, value) identities, and give it the ones it lacks.

    Contacts that turn out to be one person are merged into the oldest. A name given is newer than the one we know;
    a language only fills a gap. Safe against the same customer arriving twice at once.
    """
    wanted = sorted(set(identities))
    await _hold(session, wanted)
    known = await _known(session, wanted)
    contact = await _one(session, {identity.contact_id for identity in known})
    contact.name = name or contact.name
    contact.language = contact.language or language
    session.add(contact)
    await session.flush()
    have = {(identity.kind, identity.value) for identity in known}
    missing = [pair for pair in wanted if pair not in have]
    scope = scope_of(session)
    session.add_all(
        ContactIdentity(tenant_id=scope, contact_id=contact.id, kind=kind, value=value) for kind, value in missing
    )
    await session.flush()
    return contact


async def _hold(session: AsyncSession, wanted: Sequence[Identity]) -> None:
    """Make others who resolve one of these identities wait for our commit; on SQLite every writer does anyway."""
    if session.get_bind().dialect.name != "postgresql":
        return
    scope = scope_of(session)
    for kind, value in wanted:
        await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{scope}:{kind}:{value}", 0))))


async def _known(session: AsyncSession, wanted: Sequence[Identity]) -> Sequence[ContactIdentity]:
    any_of = [and_(col(ContactIdentity.kind) == kind, col(ContactIdentity.value) == value) for kind, value in wanted]
    return (await session.scalars(select(ContactIdentity).where(or_(*any_of)))).all()


async def _one(session: AsyncSession, ids: set[str]) -> Contact:
    """Give the one contact behind these ids: a new one for none, the oldest for many."""
    if not ids:
        return Contact(tenant_id=scope_of(session))
    asked = select(Contact).where(col(Contact.id).in_(ids)).order_by(col(Contact.created_at), col(Contact.id))
    oldest, *others = (await session.scalars(asked)).all()
    for other in others:
        await _merge(session, oldest, other)
    return oldest


async def _merge(session: AsyncSession, into: Contact, other: Contact) -> None:
    for table in (ContactIdentity, Conversation):
        await session.execute(update(table).where(col(table.contact_id) == other.id).values(contact_id=into.id))
    into.name = into.name or other.name
    into.language = into.language or other.language
    await session.delete(other)
    await session.flush()
