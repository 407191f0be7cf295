"""Films made with avatars: found again by what was said and how it looked, trimmed, and forgotten with their avatar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from errors import NeedsOwner
from tenants.db import scope_of
from tenants.models import AvatarState, CachedAnswer, Film, Message, OwnAvatar

MOST = 500


async def find(session: AsyncSession, key: str, at: datetime) -> Film | None:
    """The film of this key, noted as used; None when there is none, or its avatar is gone."""
    scope_of(session)
    film = await session.scalar(select(Film).where(col(Film.key) == key))
    if film is not None:
        film.used_at = at
    return film


async def keep(session: AsyncSession, film: Film) -> bool:
    """Note a film; False when another of the same key is kept already: then this one is noted, but never shown again.

    Of a tenant's own avatar note every film, with a key or without, so that revoking the avatar finds it. Raises
    `NeedsOwner` when that avatar may not be shown (any more).
    """
    scope_of(session)
    if film.avatar_id is not None:
        may = select(col(OwnAvatar.id)).where(col(OwnAvatar.state) == AvatarState.READY)
        if await session.scalar(may.where(col(OwnAvatar.id) == film.avatar_id).with_for_update()) is None:
            raise NeedsOwner("avatar-revoked", "it may not be shown any more: choose another avatar")
    again = film.model_dump(exclude={"id", "key"})
    try:
        async with session.begin_nested():
            session.add(film)
    except IntegrityError:
        session.add(Film(**again))
        return False
    return True


async def forget_avatar(session: AsyncSession, avatar_id: str) -> int:
    """See to it that no film of this avatar is found again; return how many. `avatars.remains` names their blobs."""
    scope_of(session)
    found = select(Film).where(col(Film.avatar_id) == avatar_id, col(Film.key).is_not(None))
    return _unkeyed((await session.scalars(found)).all())


async def trim(session: AsyncSession, before: datetime, most: int = MOST) -> int:
    """See to it that films unused since `before`, and those beyond `most`, are not found again; return how many."""
    scope_of(session)
    keyed = select(Film).where(col(Film.key).is_not(None)).order_by(col(Film.used_at), col(Film.id))
    stale = _unkeyed((await session.scalars(keyed.where(col(Film.used_at) < before))).all())
    await session.flush()
    over = await count(session) - most
    return stale + (_unkeyed((await session.scalars(keyed.limit(over))).all()) if over > 0 else 0)


async def loose(session: AsyncSession, before: datetime, limit: int = 500) -> Sequence[Film]:
    """Films not used since `before` that nothing holds or shows again: delete their bytes, then `drop` them."""
    scope_of(session)
    asked = select(Film).where(col(Film.key).is_(None), col(Film.used_at) < before)
    for holding in (Message.blob, CachedAnswer.blob):
        asked = asked.where(col(Film.blob).not_in(select(col(holding)).where(col(holding).is_not(None))))
    asked = asked.where(col(Film.blob).not_in(select(col(Film.blob)).where(col(Film.key).is_not(None))))
    return (await session.scalars(asked.limit(limit))).all()


async def drop(session: AsyncSession, film_id: str) -> None:
    """Forget a film whose bytes are deleted; it is no error if it is gone."""
    film = await session.get(Film, film_id)
    if film is not None:
        await session.delete(film)


async def count(session: AsyncSession) -> int:
    """How many films can be shown again."""
    scope_of(session)
    return await session.scalar(select(func.count()).select_from(Film).where(col(Film.key).is_not(None))) or 0


def _unkeyed(found: Sequence[Film]) -> int:
    for film in found:
        film.key = None
    return len(found)
