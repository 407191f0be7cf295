"""How a tenant wants words spoken: rows of its dictionary."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from errors import Impossible
from tenants.db import scope_of
from tenants.models import Pronunciation

MOST = 1000


async def listing(session: AsyncSession, language: str = "") -> Sequence[Pronunciation]:
    """The tenant's words, of this language only if one is named, in the order of their letters."""
    scope_of(session)
    asked = select(Pronunciation).order_by(col(Pronunciation.language), col(Pronunciation.written))
    return (await session.scalars(asked.where(col(Pronunciation.language) == language) if language else asked)).all()


async def get(session: AsyncSession, pronunciation_id: str) -> Pronunciation:
    """The word of that id; `Impossible` "pronunciation-missing" when the tenant has none."""
    scope_of(session)
    found = await session.scalar(select(Pronunciation).where(col(Pronunciation.id) == pronunciation_id))
    if found is None:
        raise Impossible("pronunciation-missing", "list the dictionary: this word is not in it")
    return found


async def add(session: AsyncSession, language: str, written: str, spoken: str) -> Pronunciation:
    """Keep a new word; `Impossible` "pronunciation-quota" beyond `MOST`."""
    tenant_id = scope_of(session)
    if (await session.scalar(select(func.count()).select_from(Pronunciation)) or 0) >= MOST:
        raise Impossible("pronunciation-quota", f"the dictionary holds {MOST} words: delete some first")
    row = Pronunciation(tenant_id=str(tenant_id), language=language, written=written, spoken=spoken)
    session.add(row)
    await session.flush()
    return row


async def remove(session: AsyncSession, pronunciation_id: str) -> Pronunciation:
    """Delete a word and return what it was; raises as `get`."""
    row = await get(session, pronunciation_id)
    await session.delete(row)
    return row
