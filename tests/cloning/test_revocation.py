"""A voice that was taken back is silent at once, and nobody else ever had it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from core_pipeline.cloning.use import clone_of, keep_render
from core_pipeline.engines.speaker.spectral.engine import SpectralSpeaker
from errors import Impossible, NeedsOwner, Retryable
from tenants import voices
from tenants.models import CachedAnswer, ClonedVoice, VoiceState, now
from tests.cloning.people import MAN, note, say, silence, stored
from tests.cloning.scene import Scene
from tests.factories import make_tenant


async def test_nobody_else_knows_the_voice(scene: Scene) -> None:
    voice_id = await scene.released()
    await scene.ask(await scene.draft())
    stranger = (await make_tenant(scene.db)).id
    recording, studio = note(silence(1)), scene.studio
    files = len(stored(scene.folder))
    for attempt in (
        studio.ask(stranger, voice_id, "b", "s", "answers"),
        studio.consent(stranger, voice_id, recording, scene.asr, scene.speaker),
        studio.revoke(stranger, voice_id),
    ):
        with pytest.raises(Impossible, match="voice-missing"):
            await attempt
    with pytest.raises(NeedsOwner, match="voice-missing"):
        await clone_of(scene.db, scene.blobs, stranger, voice_id)
    foreign = await scene.blobs.put(stranger, "spoken", b"ogg")
    with pytest.raises(NeedsOwner, match="voice-missing"):
        await keep_render(scene.db, scene.blobs, stranger, voice_id, foreign)
    async with scene.db.tenant(stranger) as session:
        assert await voices.listing(session) == []
        assert await voices.unburied(session) == []
        for refused in (voices.get, voices.held, voices.remains, voices.bury):
            with pytest.raises(Impossible, match="voice-missing"):
                await refused(session, voice_id)
        with pytest.raises(Impossible, match="voice-missing"):
            await voices.revoke(session, voice_id, scene.clock.at)
        with pytest.raises(NeedsOwner, match="voice-missing"):
            await voices.speaking(session, voice_id)
    assert (await scene.row(voice_id)).state == VoiceState.READY
    assert len(stored(scene.folder)) == files


async def test_a_voice_revoked_while_it_is_judged_is_not_released(scene: Scene) -> None:
    voice_id = await scene.draft()
    recording = note(await say(scene.tts, await scene.ask(voice_id), MAN))

    class Slow(SpectralSpeaker):
        """Lets the owner change their mind while it listens."""

        async def voiceprint(self, speech):  # type: ignore[no-untyped-def]
            if (await scene.row(voice_id)).state == VoiceState.DRAFT:
                await scene.studio.revoke(scene.tenant.id, voice_id)
            return await scene.speaker.voiceprint(speech)

    slow = Slow(scene.speaker._model)
    with pytest.raises(Impossible, match="voice-state"):
        await scene.studio.consent(scene.tenant.id, voice_id, recording, scene.asr, slow)
    assert (await scene.row(voice_id)).state == VoiceState.REVOKED
    assert stored(scene.folder) == []


async def test_what_was_made_while_the_voice_was_revoked_is_deleted(scene: Scene) -> None:
    voice_id = await scene.released()
    blob = await scene.blobs.put(scene.tenant.id, "spoken", b"ogg")
    await scene.studio.revoke(scene.tenant.id, voice_id)
    with pytest.raises(NeedsOwner, match="voice-revoked"):
        await keep_render(scene.db, scene.blobs, scene.tenant.id, voice_id, blob)
    assert stored(scene.folder) == []


async def test_answers_kept_with_its_sound_go_with_it(scene: Scene) -> None:
    voice_id = await scene.released()
    own, other = await scene.render(voice_id), await scene.blobs.put(scene.tenant.id, "spoken", b"else")
    async with scene.db.tenant(scene.tenant.id) as session:
        session.add_all(
            CachedAnswer(
                tenant_id=scene.tenant.id,
                key=blob,
                circumstances="c",
                question="q",
                language="ar",
                answer="a",
                blob=blob,
            )
            for blob in (own, other)
        )
    await scene.studio.revoke(scene.tenant.id, voice_id)
    async with scene.db.tenant(scene.tenant.id, reads=True) as session:
        assert (await session.scalars(select(col(CachedAnswer.blob)))).all() == [other]
    assert [file.read_bytes() for file in stored(scene.folder)] == [b"else"]


async def test_a_revocation_that_broke_off_is_silent_at_once_and_is_finished_later(scene: Scene) -> None:
    voice_id = await scene.released()
    await scene.render(voice_id)
    delete, calls = scene.blobs.delete, 0

    async def failing(tenant_id: str, key: str) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Retryable("blobs-down")
        await delete(tenant_id, key)

    scene.blobs.delete = failing  # type: ignore[method-assign]  # the disk fails once
    with pytest.raises(Retryable, match="blobs-down"):
        await scene.studio.revoke(scene.tenant.id, voice_id)
    with pytest.raises(NeedsOwner, match="voice-revoked"):
        await clone_of(scene.db, scene.blobs, scene.tenant.id, voice_id)
    async with scene.db.tenant(scene.tenant.id, reads=True) as session:
        assert await voices.unburied(session) == [voice_id]
    revoked_at = (await scene.row(voice_id)).revoked_at
    scene.clock.at += timedelta(hours=1)
    await scene.studio.revoke(scene.tenant.id, voice_id)
    assert (await scene.row(voice_id)).revoked_at == revoked_at
    assert stored(scene.folder) == []


async def test_recordings_made_at_the_moment_of_revocation_never_stay(scene: Scene) -> None:
    voice_id = await scene.released()
    made = await asyncio.gather(
        *(scene.render(voice_id) for _ in range(4)),
        scene.studio.revoke(scene.tenant.id, voice_id),
        *(scene.render(voice_id) for _ in range(4)),
        return_exceptions=True,
    )
    assert all(isinstance(one, str | list | NeedsOwner) for one in made), made
    assert stored(scene.folder) == []
    async with scene.db.tenant(scene.tenant.id, reads=True) as session:
        assert await voices.unburied(session) == []


async def test_two_readings_at_once_release_the_voice_once(scene: Scene) -> None:
    voice_id = await scene.draft()
    recording = note(await say(scene.tts, await scene.ask(voice_id), MAN))
    found = await asyncio.gather(*(scene.hear(voice_id, recording) for _ in range(2)), return_exceptions=True)
    assert [one for one in found if one is None] == [None]
    assert [one.code for one in found if isinstance(one, Impossible)] == ["voice-state"]
    assert len(stored(scene.folder)) == 2


async def test_drafts_that_nobody_consented_to_are_swept_away(scene: Scene) -> None:
    kept, dropped = await scene.released(), await scene.draft()
    assert await scene.studio.tidy(scene.tenant.id) == 0
    scene.clock.at = now() + timedelta(days=8)
    assert await scene.studio.tidy(scene.tenant.id) == 1
    assert (await scene.row(dropped)).state == VoiceState.REVOKED
    assert (await scene.row(kept)).state == VoiceState.READY
    assert len(stored(scene.folder)) == 2


async def test_only_a_revoked_voice_is_buried(scene: Scene) -> None:
    voice_id = await scene.draft()
    async with scene.db.tenant(scene.tenant.id) as session:
        with pytest.raises(Impossible, match="voice-state"):
            await voices.bury(session, voice_id)
        with pytest.raises(Impossible, match="voice-state"):
            await voices.add(session, ClonedVoice(tenant_id="", name="x", language="ar", state=VoiceState.READY))
