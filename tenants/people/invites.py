"""Links that make their bearer a colleague, or let one who forgot it choose a new password: seven days, once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from errors import Impossible
from tenants import audit
from tenants.audit import Actor
from tenants.models import AccessGrant, Agency, Invite, Person, Tenant, now
from tenants.people import colleagues, names, passwords, signed_in
from tenants.people.places import By, Place
from tenants.people.roles import Role

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from tenants.db import Database

LASTS = timedelta(days=7)
PATH = "/admin/invite/"


@dataclass(frozen=True)
class Opened:
    """A link that is still good, where it leads to, and (`person`) whose password it is about."""

    invite: Invite
    place: Place
    person: Person | None


async def make(session: AsyncSession, by: By, place: Place, role: Role, name: str = "") -> str:
    """Make a link for somebody new and give its secret; `Impossible`: "role-above", "name-wrong"."""
    place.check(by, role)
    named = names.name_of(name) if name.strip() else ""
    token, invite = _fresh(by, name=named, role=role.value, **place.ids)
    session.add(invite)
    after = {"role": role.value, "name": named}
    audit.record(session, by.actor, "people.invite", named, after=after, **place.ids)
    return token


async def for_password(session: AsyncSession, by: By, place: Place, person_id: str) -> str:
    """Make a link with which a colleague chooses a new password; those of before are void.

    Raises `Impossible`: "person-missing", "person-elsewhere".
    """
    found = await colleagues.get(session, place, person_id)
    await colleagues.check_reach(session, by, person_id)
    return await for_anybody(session, by, place, found.person)


async def for_anybody(session: AsyncSession, by: By, place: Place, person: Person) -> str:
    """The same for whoever it is; the deed is noted at `place`."""
    await void(session, person.id)
    token, invite = _fresh(by, person_id=person.id, **place.ids)
    session.add(invite)
    audit.record(session, by.actor, "people.new-password-link", person.login, **place.ids)
    return token


async def void(session: AsyncSession, person_id: str) -> None:
    """Let nobody choose a new password for this person with a link that was made before."""
    old = col(Invite.person_id) == person_id, col(Invite.used_at).is_(None)
    await session.execute(delete(Invite).where(*old))


async def pending(session: AsyncSession, place: Place) -> list[Invite]:
    """Invitations to this place that nobody has used yet, newest first."""
    asked = select(Invite).where(*place.here(Invite), *_good(), col(Invite.person_id).is_(None))
    return list((await session.scalars(asked.order_by(col(Invite.created_at).desc(), col(Invite.id)))).all())


async def withdraw(session: AsyncSession, by: By, place: Place, invite_id: str) -> None:
    """Make a link void; `Impossible`: "invite-missing", "role-above"."""
    asked = select(Invite).where(*place.here(Invite), col(Invite.id) == invite_id, col(Invite.used_at).is_(None))
    invite = await session.scalar(asked)
    if invite is None or not invite.role:
        raise Impossible("invite-missing", "it was used or withdrawn")
    place.check(by, invite.role)
    await session.delete(invite)
    audit.record(session, by.actor, "people.withdraw", invite.name, before={"role": invite.role}, **place.ids)


async def opened(session: AsyncSession, token: str) -> Opened:
    """What a link is for; `Impossible("invite-gone")` for one that is over, used or unknown."""
    invite = await session.scalar(select(Invite).where(col(Invite.digest) == _digest(token), *_good()))
    if invite is None:
        raise Impossible("invite-gone", "ask for a new link")
    tenant = await session.get_one(Tenant, invite.tenant_id) if invite.tenant_id else None
    agency = await session.get_one(Agency, invite.agency_id) if invite.agency_id else None
    person = await session.get_one(Person, invite.person_id) if invite.person_id else None
    return Opened(invite, Place(tenant, agency), person)


async def accept(db: Database, token: str, person: Person, password: str, address: str = "") -> Person:
    """Become a colleague under the login, name and language of a new `person`, with this password.

    Raises `Impossible`: "invite-gone", "login-wrong", "login-taken", "name-wrong", and what is wrong with a password.
    """
    person.login, person.name = names.new_login(person.login), names.name_of(person.name)
    passwords.check(password, login=person.login)
    async with db.platform(reads=True) as session:
        await _for_somebody_new(session, token)
    person.password = await passwords.hashed(password)
    try:
        async with db.platform() as session:
            link = await _for_somebody_new(session, token)
            await _use(session, link.invite)
            session.add(person)
            await session.flush()
            session.add(AccessGrant(person_id=person.id, role=link.invite.role, **link.place.ids))
            _noted(session, person, link, address)
    except IntegrityError:
        raise Impossible("login-taken", "somebody has this name already: choose another") from None
    return person


async def join(session: AsyncSession, token: str, person: Person, address: str = "") -> Place:
    """Take an invitation as somebody who is signed in; of two roles for one place the more powerful counts."""
    link = await _for_somebody_new(session, token)
    await _use(session, link.invite)
    mine = select(AccessGrant).where(*link.place.here(AccessGrant), col(AccessGrant.person_id) == person.id)
    grant = await session.scalar(mine)
    if grant is None:
        session.add(AccessGrant(person_id=person.id, role=link.invite.role, **link.place.ids))
    elif Role(link.invite.role).rank < Role(grant.role).rank:
        grant.role = link.invite.role
    _noted(session, person, link, address)
    return link.place


async def choose_password(db: Database, token: str, password: str, address: str = "") -> str:
    """Choose a new password and give whose; all their browsers are signed out.

    Raises `Impossible`: "invite-gone", and what is wrong with the password.
    """
    async with db.platform(reads=True) as session:
        whose = _someones(await opened(session, token))
    passwords.check(password, login=whose.login)
    kept = await passwords.hashed(password)
    async with db.platform() as session:
        link = await opened(session, token)
        person = _someones(link)
        await _use(session, link.invite)
        person.password = kept
        await signed_in.end_all(session, person.id)
        actor = Actor(person.name, person.id, address)
        audit.record(session, actor, "people.new-password", person.login, **link.place.ids)
    return person.id


async def _for_somebody_new(session: AsyncSession, token: str) -> Opened:
    link = await opened(session, token)
    if link.person is not None:
        raise Impossible("invite-gone", "this link is for a new password")
    return link


def _someones(link: Opened) -> Person:
    if link.person is None or not link.person.active:
        raise Impossible("invite-gone", "this link is for somebody new")
    return link.person


async def _use(session: AsyncSession, invite: Invite) -> None:
    """Of two who use a link at once, one may."""
    unused = col(Invite.id) == invite.id, col(Invite.used_at).is_(None)
    done: Any = await session.execute(update(Invite).where(*unused).values(used_at=now()))
    if not done.rowcount:
        raise Impossible("invite-gone", "it was used just now")


def _noted(session: AsyncSession, person: Person, link: Opened, address: str) -> None:
    actor = Actor(person.name, person.id, address)
    audit.record(session, actor, "people.join", person.login, after={"role": link.invite.role}, **link.place.ids)


def _good() -> tuple[Any, Any]:
    return col(Invite.used_at).is_(None), col(Invite.expires_at) > now()


def _fresh(by: By, **fields: Any) -> tuple[str, Invite]:
    token = secrets.token_urlsafe(32)
    made_by = by.actor.person_id or by.actor.who
    return token, Invite(digest=_digest(token), created_by=made_by, expires_at=now() + LASTS, **fields)


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
