"""A tenant's questions and answers; every change raises `Tenant.knowledge_version`, by which indexes go stale."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from errors import Impossible
from tenants.db import scope_of
from tenants.models import Entry, Tenant


async def entries(session: AsyncSession) -> list[Entry]:
    """Read all entries, by fact and language."""
    return list((await session.scalars(select(Entry).order_by(col(Entry.fact), col(Entry.language)))).all())


async def version(session: AsyncSession) -> int:
    """Read the number that rises with every change; 0 for a tenant that is gone."""
    asked = select(col(Tenant.knowledge_version)).where(col(Tenant.id) == scope_of(session))
    return await session.scalar(asked) or 0


async def add(
    session: AsyncSession, fact: str, language: str, question: str, answer: str, alternatives: Sequence[str] = ()
) -> Entry:
    """Add an entry; `Impossible("entry-exists")` if the fact has one in that language."""
    taken = select(col(Entry.id)).where(col(Entry.fact) == fact, col(Entry.language) == language)
    if await session.scalar(taken) is not None:
        raise Impossible("entry-exists")
    entry = Entry(
        tenant_id=scope_of(session),
        fact=fact,
        language=language,
        question=question,
        answer=answer,
        alternatives=list(alternatives),
    )
    session.add(entry)
    await _changed(session)
    return entry


async def replace(
    session: AsyncSession, entry_id: str, *, question: str, answer: str, alternatives: Sequence[str] = ()
) -> Entry:
    """Give an entry new words; `Impossible("entry-missing")` if there is none."""
    entry = await _entry(session, entry_id)
    entry.question, entry.answer, entry.alternatives = question, answer, list(alternatives)
    await _changed(session)
    return entry


async def remove(session: AsyncSession, entry_id: str) -> None:
    """Take an entry out; `Impossible("entry-missing")` if there is none."""
    await session.delete(await _entry(session, entry_id))
    await _changed(session)


async def _entry(session: AsyncSession, entry_id: str) -> Entry:
    entry = await session.get(Entry, entry_id)
    if entry is None:
        raise Impossible("entry-missing")
    return entry


async def _changed(session: AsyncSession) -> None:
    await session.flush()
    own = update(Tenant).where(col(Tenant.id) == scope_of(session))
    await session.execute(own.values(knowledge_version=col(Tenant.knowledge_version) + 1))
