"""Finding a customer by what a colleague would know of them: a name or a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlmodel import col

from tenants.db import scope_of
from tenants.models import Contact, ContactIdentity, Conversation

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

MOST = 50
FEWEST_LETTERS = 2


@dataclass(frozen=True)
class Customer:
    """A customer and the names by which networks know them."""

    id: str
    name: str | None
    known_as: tuple[str, ...]
    conversations: int
    last_at: datetime | None
    created_at: datetime


async def search(session: AsyncSession, words: str) -> list[Customer]:
    """Customers whose name or number holds these words, the latest first; nothing for fewer than two letters."""
    scope_of(session)
    wanted = words.replace("\0", "").strip()
    if len(wanted) < FEWEST_LETTERS:
        return []
    holds = f"%{_plain(wanted.lstrip('+'))}%"
    numbers = select(col(ContactIdentity.contact_id)).where(col(ContactIdentity.value).ilike(holds, escape="\\"))
    asked = (
        select(Contact)
        .where(col(Contact.name).ilike(holds, escape="\\") | col(Contact.id).in_(numbers))
        .order_by(col(Contact.created_at).desc(), col(Contact.id))
        .limit(MOST)
    )
    return [await _told(session, one) for one in (await session.scalars(asked)).all()]


async def _told(session: AsyncSession, contact: Contact) -> Customer:
    names = select(col(ContactIdentity.value)).where(col(ContactIdentity.contact_id) == contact.id)
    talks = select(func.count()).select_from(Conversation).where(col(Conversation.contact_id) == contact.id)
    count = await session.scalar(talks) or 0
    latest = select(col(Conversation.last_at)).where(col(Conversation.contact_id) == contact.id)
    last = await session.scalar(latest.order_by(col(Conversation.last_at).desc()).limit(1))
    known_as = tuple(sorted((await session.scalars(names)).all()))
    return Customer(contact.id, contact.name, known_as, count, last, contact.created_at)


def _plain(words: str) -> str:
    """The words with what LIKE would take for a pattern as mere letters."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
