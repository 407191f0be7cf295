"""Avatars of a tenant's own: drafts, the consent that lets them be shown, and what is left once they are revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from errors import Impossible, NeedsOwner
from tenants import films
from tenants.db import scope_of
from tenants.models import AvatarState, Film, OwnAvatar

MOST = 50


async def listing(session: AsyncSession) -> Sequence[OwnAvatar]:
    """The tenant's avatars, newest first, revoked ones too."""
    scope_of(session)
    asked = select(OwnAvatar).order_by(col(OwnAvatar.created_at).desc(), col(OwnAvatar.id))
    return (await session.scalars(asked)).all()


async def add(session: AsyncSession, avatar: OwnAvatar) -> None:
    """Keep a new avatar; `Impossible` for a photograph that claims a consent, `NeedsOwner` beyond `MOST` avatars."""
    scope_of(session)
    if avatar.state == AvatarState.REVOKED or (avatar.kind == "photo" and avatar.state != AvatarState.DRAFT):
        raise Impossible("avatar-state", "a photograph begins as a draft")
    kept = select(func.count()).select_from(OwnAvatar).where(col(OwnAvatar.state) != AvatarState.REVOKED)
    if (await session.scalar(kept) or 0) >= MOST:
        raise NeedsOwner("avatar-quota", f"there are {MOST} avatars: delete one first")
    session.add(avatar)


async def get(session: AsyncSession, avatar_id: str) -> OwnAvatar:
    """The tenant's avatar of that id; `Impossible` "avatar-missing" when the tenant has none."""
    return await _one(session, avatar_id, held=False)


async def held(session: AsyncSession, avatar_id: str) -> OwnAvatar:
    """The avatar as it is now; nobody else changes it until this unit ends. Raises as `get`."""
    return await _one(session, avatar_id, held=True)


async def shown(session: AsyncSession, avatar_id: str) -> OwnAvatar:
    """The avatar, if it may be shown; `NeedsOwner` when it is missing, not consented to, or revoked."""
    try:
        avatar = await _one(session, avatar_id, held=False)
    except Impossible as error:
        raise NeedsOwner("avatar-missing", "choose another avatar: this one does not exist") from error
    if avatar.state == AvatarState.REVOKED:
        raise NeedsOwner("avatar-revoked", "it was withdrawn: choose another avatar")
    if avatar.state != AvatarState.READY:
        raise NeedsOwner("avatar-not-ready", "the person shown has not consented yet: finish the consent first")
    return avatar


async def revoke(session: AsyncSession, avatar_id: str, at: datetime) -> None:
    """Forbid the avatar to be shown, and forget what it looks like and that films of it could be shown again.

    Who consented to what, when and in which words stays on record. Files are named by `remains` until `bury`.
    """
    avatar = await held(session, avatar_id)
    avatar.state = AvatarState.REVOKED
    avatar.revoked_at = avatar.revoked_at or at
    avatar.manifest, avatar.colours, avatar.consent_text = {}, {}, ""
    avatar.checks = {name: kept for name, kept in avatar.checks.items() if name == "attempts"}
    await films.forget_avatar(session, avatar_id)


async def remains(session: AsyncSession, avatar_id: str) -> list[str]:
    """The blobs that a revoked avatar still has: its files, the consent's recording, every film of it."""
    avatar = await get(session, avatar_id)
    made = select(col(Film.blob)).where(col(Film.avatar_id) == avatar_id)
    shot = (await session.scalars(made.order_by(col(Film.created_at), col(Film.id)))).all()
    return [blob for blob in (*avatar.files.values(), avatar.logo, avatar.consent_blob, *shot) if blob is not None]


async def bury(session: AsyncSession, avatar_id: str) -> None:
    """Forget the names of a revoked avatar's files, once these are deleted."""
    avatar = await held(session, avatar_id)
    if avatar.state != AvatarState.REVOKED:
        raise Impossible("avatar-state", "only a revoked avatar is buried")
    avatar.files, avatar.logo, avatar.consent_blob = {}, None, None
    await session.execute(delete(Film).where(col(Film.avatar_id) == avatar_id))


async def remove(session: AsyncSession, avatar_id: str) -> bool:
    """Remove a buried avatar from the list; False for one that was consented to: of that the record stays."""
    avatar = await held(session, avatar_id)
    if avatar.state != AvatarState.REVOKED or avatar.files or avatar.consent_blob:
        raise Impossible("avatar-state", "only a buried avatar is removed")
    if avatar.consented_at is not None:
        return False
    await session.delete(avatar)
    return True


async def unburied(session: AsyncSession) -> list[str]:
    """The revoked avatars whose files may not all be deleted yet: revoking them again finishes it."""
    scope_of(session)
    asked = select(OwnAvatar).where(col(OwnAvatar.state) == AvatarState.REVOKED)
    filmed = set((await session.scalars(select(col(Film.avatar_id)).distinct())).all())
    found = (await session.scalars(asked)).all()
    return [one.id for one in found if one.files or one.logo or one.consent_blob or one.id in filmed]


async def abandoned(session: AsyncSession, before: datetime) -> list[str]:
    """The photographs brought before then to which nobody ever consented: nobody may keep their face."""
    scope_of(session)
    draft = col(OwnAvatar.state) == AvatarState.DRAFT
    asked = select(col(OwnAvatar.id)).where(draft, col(OwnAvatar.created_at) < before)
    return list((await session.scalars(asked)).all())


async def _one(session: AsyncSession, avatar_id: str, *, held: bool) -> OwnAvatar:
    scope_of(session)
    asked = select(OwnAvatar).where(col(OwnAvatar.id) == avatar_id).execution_options(populate_existing=True)
    avatar = await session.scalar(asked.with_for_update() if held else asked)
    if avatar is None:
        raise Impossible("avatar-missing", "list the tenant's avatars: this is none of them")
    return avatar
