"""Speaking with a tenant's own voice: what a turn needs of it, each time anew, so that a revoked voice is silent."""

from __future__ import annotations

from core_pipeline.contracts.engines import Clone
from core_pipeline.media.wav import unpacked
from errors import Impossible, NeedsOwner
from tenants import voices
from tenants.blobs import Blobs
from tenants.db import Database


async def clone_of(db: Database, blobs: Blobs, tenant_id: str, voice_id: str) -> Clone:
    """The voice for engines that clone; `NeedsOwner` when the tenant has none of that id that may speak now."""
    async with db.tenant(tenant_id, reads=True) as session:
        voice = await voices.speaking(session, voice_id)
    try:
        sample = unpacked(await blobs.get(tenant_id, voice.sample or ""))
    except Impossible as error:  # revoked while we looked
        raise NeedsOwner("voice-revoked", "its recordings are gone: choose another voice") from error
    return Clone(voice.id, sample, voice.sample_text)


async def keep_render(db: Database, blobs: Blobs, tenant_id: str, voice_id: str, blob: str) -> None:
    """Note that this recording was made with the voice; deletes it and raises `NeedsOwner` if it may not speak now."""
    try:
        async with db.tenant(tenant_id) as session:
            await voices.rendered(session, voice_id, blob)
    except NeedsOwner:
        await blobs.delete(tenant_id, blob)
        raise
