"""Voices by example: drafts, the consent that makes them speak, and what is left of them once they are revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from errors import Impossible, NeedsOwner
from tenants.db import scope_of
from tenants.models import CachedAnswer, ClonedVoice, Render, VoiceState


async def listing(session: AsyncSession) -> Sequence[ClonedVoice]:
    """The tenant's voices, newest first, revoked ones too."""
    scope_of(session)
    asked = select(ClonedVoice).order_by(col(ClonedVoice.created_at).desc(), col(ClonedVoice.id))
    return (await session.scalars(asked)).all()


async def add(session: AsyncSession, draft: ClonedVoice) -> None:
    """Keep a new draft; `Impossible` for a voice that claims to be further."""
    scope_of(session)
    if draft.state != VoiceState.DRAFT:
        raise Impossible("voice-state", "a voice begins as a draft")
    session.add(draft)


async def get(session: AsyncSession, voice_id: str) -> ClonedVoice:
    """The tenant's voice of that id; `Impossible` "voice-missing" when the tenant has none."""
    return await _one(session, voice_id, held=False)


async def held(session: AsyncSession, voice_id: str) -> ClonedVoice:
    """The voice as it is now; nobody else changes it until this unit ends. Raises as `get`."""
    return await _one(session, voice_id, held=True)


async def speaking(session: AsyncSession, voice_id: str) -> ClonedVoice:
    """The voice, if it may speak; `NeedsOwner` when it is missing, not consented to, or revoked."""
    return await _ready(session, voice_id, held=False)


async def rendered(session: AsyncSession, voice_id: str, blob: str) -> None:
    """Note a recording made with the voice; raises as `speaking` when the voice may not speak any more."""
    voice = await _ready(session, voice_id, held=True)
    session.add(Render(tenant_id=voice.tenant_id, voice_id=voice.id, blob=blob))


async def uses(session: AsyncSession) -> dict[str, int]:
    """How many recordings there are of each voice that was ever used."""
    scope_of(session)
    asked = select(col(Render.voice_id), func.count()).group_by(col(Render.voice_id))
    return {row[0]: row[1] for row in (await session.execute(asked)).all()}


async def revoke(session: AsyncSession, voice_id: str, at: datetime) -> None:
    """Forbid the voice to speak, and forget what was learnt of it and every answer kept with its sound.

    Who consented to what, when and in which words stays on record. Recordings are named by `remains` until `bury`.
    """
    voice = await held(session, voice_id)
    voice.state = VoiceState.REVOKED
    voice.revoked_at = voice.revoked_at or at
    voice.voiceprint, voice.sample_text, voice.consent_text = None, "", ""
    voice.quality = {name: kept for name, kept in voice.quality.items() if name != "digest"}
    await session.execute(delete(CachedAnswer).where(col(CachedAnswer.blob).in_(_blobs_of(voice_id))))


async def remains(session: AsyncSession, voice_id: str) -> list[str]:
    """The blobs that a revoked voice still has: its sample, the consent's recording, all that was made with it."""
    voice = await get(session, voice_id)
    made = (await session.scalars(_blobs_of(voice_id).order_by(col(Render.created_at), col(Render.id)))).all()
    return [blob for blob in (voice.sample, voice.consent_blob, *made) if blob is not None]


async def bury(session: AsyncSession, voice_id: str) -> None:
    """Forget the names of a revoked voice's recordings, once these are deleted."""
    voice = await held(session, voice_id)
    if voice.state != VoiceState.REVOKED:
        raise Impossible("voice-state", "only a revoked voice is buried")
    voice.sample, voice.consent_blob = None, None
    await session.execute(delete(Render).where(col(Render.voice_id) == voice_id))


async def unburied(session: AsyncSession) -> list[str]:
    """The revoked voices whose recordings may not all be deleted yet: revoking them again finishes it."""
    scope_of(session)
    left = col(ClonedVoice.sample).is_not(None) | col(ClonedVoice.consent_blob).is_not(None)
    made = col(ClonedVoice.id).in_(select(col(Render.voice_id)))
    asked = select(col(ClonedVoice.id)).where(col(ClonedVoice.state) == VoiceState.REVOKED, left | made)
    return list((await session.scalars(asked)).all())


async def _ready(session: AsyncSession, voice_id: str, *, held: bool) -> ClonedVoice:
    try:
        voice = await _one(session, voice_id, held=held)
    except Impossible as error:
        raise NeedsOwner("voice-missing", "choose another voice: this one does not exist") from error
    if voice.state == VoiceState.REVOKED:
        raise NeedsOwner("voice-revoked", "its owner took the consent back: choose another voice")
    if voice.state != VoiceState.READY or voice.sample is None:
        raise NeedsOwner("voice-not-ready", "its owner has not consented yet: finish the consent first")
    return voice


async def abandoned(session: AsyncSession, before: datetime) -> list[str]:
    """The drafts begun before then to which nobody ever consented: nobody may keep their sound."""
    scope_of(session)
    draft = col(ClonedVoice.state) == VoiceState.DRAFT
    asked = select(col(ClonedVoice.id)).where(draft, col(ClonedVoice.created_at) < before)
    return list((await session.scalars(asked)).all())


def _blobs_of(voice_id: str) -> Select[str]:
    return select(col(Render.blob)).where(col(Render.voice_id) == voice_id)


async def _one(session: AsyncSession, voice_id: str, *, held: bool) -> ClonedVoice:
    scope_of(session)
    asked = select(ClonedVoice).where(col(ClonedVoice.id) == voice_id).execution_options(populate_existing=True)
    voice = await session.scalar(asked.with_for_update() if held else asked)
    if voice is None:
        raise Impossible("voice-missing", "list the tenant's voices: this is none of them")
    return voice
