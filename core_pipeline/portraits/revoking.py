"""Taking avatars back: they are shown no more from that moment on, then all that was made of them is deleted."""

from __future__ import annotations

from datetime import datetime

from core_pipeline.cloning.attempt import deed
from core_pipeline.cloning.studio import DRAFT_LASTS
from tenants import avatars
from tenants.audit import Actor
from tenants.blobs import Blobs
from tenants.db import Database


async def revoke(
    db: Database, blobs: Blobs, tenant_id: str, avatar_id: str, at: datetime, actor: Actor | None = None
) -> list[str]:
    """Stop showing the avatar at once, then delete its files and every film of it; return their keys.

    Safe to repeat: what a failure left behind is deleted then.
    """
    async with db.tenant(tenant_id) as session:
        await avatars.revoke(session, avatar_id, at)
        deed(session, actor, "avatar.revoke", avatar_id)
        gone = await avatars.remains(session, avatar_id)
    for blob in gone:
        await blobs.delete(tenant_id, blob)
    async with db.tenant(tenant_id) as session:
        await avatars.bury(session, avatar_id)
    return gone


async def tidy(db: Database, blobs: Blobs, tenant_id: str, at: datetime) -> int:
    """Revoke pictures that nobody consented to in a week, finish revocations that broke off; return how many."""
    async with db.tenant(tenant_id, reads=True) as session:
        old = await avatars.abandoned(session, at - DRAFT_LASTS)
        due = [*old, *await avatars.unburied(session)]
    for avatar_id in due:
        await revoke(db, blobs, tenant_id, avatar_id, at)
    return len(due)
