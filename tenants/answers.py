"""Rows of answers given before: found by key, counted, retired and removed; retired ones are never found again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from tenants.models import CachedAnswer, Turn, TurnState, now

MOST = 2000
COMPARED = 500
UNUSED = timedelta(days=30)
_RETIRED = ""


async def by_key(session: AsyncSession, key: str) -> CachedAnswer | None:
    """The answer of this key."""
    return await session.scalar(select(CachedAnswer).where(col(CachedAnswer.key) == key))


async def questions(
    session: AsyncSession, circumstances: str, language: str, limit: int = COMPARED
) -> list[tuple[str, str]]:
    """Id and question of the last used answers in these circumstances and this language."""
    asked = (
        select(col(CachedAnswer.id), col(CachedAnswer.question))
        .where(col(CachedAnswer.circumstances) == circumstances, col(CachedAnswer.language) == language)
        .order_by(col(CachedAnswer.used_at).desc())
    )
    return [(row[0], row[1]) for row in (await session.execute(asked.limit(limit))).all()]


async def add(session: AsyncSession, answer: CachedAnswer) -> bool:
    """Keep a new answer; False when somebody kept one of the same key meanwhile. The session goes on either way."""
    try:
        async with session.begin_nested():
            session.add(answer)
    except IntegrityError:
        return False
    return True


async def used(session: AsyncSession, answer_id: str) -> None:
    """Count a use of an answer; nothing happens if it is gone."""
    one = update(CachedAnswer).where(col(CachedAnswer.id) == answer_id)
    await session.execute(one.values(hits=col(CachedAnswer.hits) + 1, used_at=now()))


async def retire_oldest(session: AsyncSession, most: int = MOST) -> int:
    """Retire what was used longest ago beyond `most` answers; return how many."""
    live = col(CachedAnswer.circumstances) != _RETIRED
    over = (await session.scalar(select(func.count()).select_from(CachedAnswer).where(live)) or 0) - most
    if over <= 0:
        return 0
    oldest = select(col(CachedAnswer.id)).where(live).order_by(col(CachedAnswer.used_at), col(CachedAnswer.id))
    return await _retire(session, (await session.scalars(oldest.limit(over))).all())


async def retire_stale(session: AsyncSession, base: str, at: datetime) -> int:
    """Retire what was answered in circumstances that do not begin with `base`, or was not used lately."""
    stale: ColumnElement[bool] = func.substr(col(CachedAnswer.circumstances), 1, len(base) + 1) != f"{base}."
    unused = col(CachedAnswer.used_at) < at - UNUSED
    asked = select(col(CachedAnswer.id)).where(col(CachedAnswer.circumstances) != _RETIRED, stale | unused)
    return await _retire(session, (await session.scalars(asked)).all())


async def _retire(session: AsyncSession, ids: Sequence[str]) -> int:
    for answer in [await session.get_one(CachedAnswer, one) for one in ids]:
        answer.key, answer.circumstances = f"retired:{answer.id}", _RETIRED
    await session.flush()
    return len(ids)


async def retired(session: AsyncSession, limit: int = 500) -> list[tuple[str, str | None]]:
    """Id and blob of retired answers, whose recordings can be deleted."""
    asked = select(col(CachedAnswer.id), col(CachedAnswer.blob)).where(col(CachedAnswer.circumstances) == _RETIRED)
    return [(row[0], row[1]) for row in (await session.execute(asked.limit(limit))).all()]


async def remove(session: AsyncSession, answer_id: str) -> None:
    """Remove an answer; it is no error if it is gone."""
    answer = await session.get(CachedAnswer, answer_id)
    if answer is not None:
        await session.delete(answer)


async def kept(session: AsyncSession) -> int:
    """How many answers can be given again."""
    live = col(CachedAnswer.circumstances) != _RETIRED
    return await session.scalar(select(func.count()).select_from(CachedAnswer).where(live)) or 0


async def favourites(session: AsyncSession, limit: int = 10) -> list[tuple[str, int]]:
    """The questions that were answered from memory most often, with how often."""
    asked = select(col(CachedAnswer.question), col(CachedAnswer.hits)).where(
        col(CachedAnswer.hits) > 0, col(CachedAnswer.circumstances) != _RETIRED
    )
    rows = await session.execute(asked.order_by(col(CachedAnswer.hits).desc(), col(CachedAnswer.question)).limit(limit))
    return [(row[0], row[1]) for row in rows.all()]


async def answered(session: AsyncSession, since: datetime, note: str | None = None) -> int:
    """How many questions were answered since then, only those whose turn bears this note if one is given."""
    asked = select(func.count()).select_from(Turn)
    asked = asked.where(
        col(Turn.state) == TurnState.ANSWERED, col(Turn.heard).is_not(None), col(Turn.started_at) >= since
    )
    return await session.scalar(asked.where(col(Turn.note) == note) if note else asked) or 0
