"""A voice speaks only after its owner's consent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core_pipeline.cloning.attempt import MOST_ATTEMPTS
from core_pipeline.cloning.use import clone_of
from core_pipeline.media.wav import unpacked
from errors import Impossible, NeedsOwner
from tenants import voices
from tenants.models import Render, VoiceState
from tests.cloning.people import AMR, ENGLISH_PAGE, MAN, PAGE, WOMAN, Heard, note, say, silence, stored
from tests.cloning.scene import Scene


async def test_from_the_sample_to_a_voice_that_speaks_and_is_silenced(scene: Scene) -> None:
    voice_id = await scene.draft()
    with pytest.raises(NeedsOwner, match="voice-not-ready"):
        await clone_of(scene.db, scene.blobs, scene.tenant.id, voice_id)
    sentence = await scene.ask(voice_id)
    assert await scene.hear(voice_id, note(await say(scene.tts, sentence, MAN))) is None

    clone = await clone_of(scene.db, scene.blobs, scene.tenant.id, voice_id)
    assert (clone.id, clone.text) == (voice_id, PAGE)
    assert 15 < clone.sample.seconds <= 30
    ready = await scene.row(voice_id)
    assert (ready.state, ready.speaker, ready.scope) == (VoiceState.READY, "خالد يوسف", "answers")
    assert (ready.sentence, ready.consented_at) == (sentence, scene.clock.at)
    assert ready.likeness is not None
    assert ready.likeness > 0.5
    assert unpacked(await scene.blobs.get(scene.tenant.id, ready.consent_blob or "")).seconds > 10

    renders = {await scene.render(voice_id) for _ in range(3)}
    told: list[str] = []

    async def forget(clone_id: str) -> None:
        told.append(clone_id)

    gone = await scene.studio.revoke(scene.tenant.id, voice_id, forget)
    assert renders < set(gone)
    assert told == [voice_id]
    assert stored(scene.folder) == []
    with pytest.raises(NeedsOwner, match="voice-revoked"):
        await clone_of(scene.db, scene.blobs, scene.tenant.id, voice_id)
    left = await scene.row(voice_id)
    assert (left.state, left.sample, left.consent_blob, left.voiceprint) == (VoiceState.REVOKED, None, None, None)
    assert (left.sample_text, left.consent_text, "digest" in left.quality) == ("", "", False)
    assert (left.speaker, left.scope, left.sentence, left.consented_at) == (
        "خالد يوسف",
        "answers",
        sentence,
        ready.consented_at,
    )
    async with scene.db.tenant(scene.tenant.id, reads=True) as session:
        assert await session.scalar(select(func.count()).select_from(Render)) == 0
        assert await voices.unburied(session) == []


async def test_readings_that_are_no_consent(small_scene: Scene) -> None:
    voice_id = await small_scene.draft()
    sample = await say(small_scene.tts, PAGE, MAN)
    with pytest.raises(Impossible, match="no-sentence"):
        await small_scene.hear(voice_id, note(sample))
    before = len(stored(small_scene.folder))
    shown = await small_scene.ask(voice_id)
    found = {
        "other-voice": await small_scene.hear(voice_id, note(await say(small_scene.tts, shown, WOMAN))),
        "refused": await small_scene.hear(
            voice_id, note(await say(small_scene.tts, shown.replace("أوافق", "لا أوافق"), MAN))
        ),
        "not-read": await small_scene.hear(
            voice_id, note(await say(small_scene.tts, "مرحبا، كم سعر الشاورما اليوم؟", MAN))
        ),
        "same-recording": await small_scene.hear(voice_id, note(sample)),
        "not-heard": await small_scene.hear(voice_id, note(silence(3))),
    }
    again = await small_scene.ask(voice_id)
    assert again != shown
    found["wrong-words"] = await small_scene.hear(voice_id, note(await say(small_scene.tts, shown, MAN)))
    small_scene.clock.at += timedelta(minutes=16)
    found["sentence-expired"] = await small_scene.hear(voice_id, note(await say(small_scene.tts, again, MAN)))
    assert found == {code: code for code in found}
    kept = await small_scene.row(voice_id)
    assert kept.state == VoiceState.DRAFT
    assert [one["code"] for one in kept.quality["attempts"]] == list(found)
    assert (kept.consented_at, kept.consent_blob, kept.consent_text) == (None, None, "")
    assert len(stored(small_scene.folder)) == before
    assert await small_scene.read(voice_id) is None


async def test_the_samples_own_file_is_no_consent_even_if_it_says_so(small_scene: Scene) -> None:
    """Somebody records the sentence first and hands it in as the sample as well."""
    voice_id = await small_scene.draft()
    sentence = await small_scene.ask(voice_id)
    shown = (await small_scene.row(voice_id)).quality["asked"]
    recording = note(await say(small_scene.tts, sentence, MAN))
    other, verdict = await small_scene.studio.start(
        small_scene.tenant.id, "خالد", "ar", recording, small_scene.speaker, small_scene.asr, sentence
    )
    assert verdict.fine
    async with small_scene.db.tenant(small_scene.tenant.id) as session:
        row = await voices.held(session, other.id)
        row.sentence, row.quality = sentence, {**row.quality, "asked": shown}
    assert await small_scene.hear(other.id, recording) == "same-recording"
    assert await small_scene.hear(other.id, note(await say(small_scene.tts, sentence, MAN), AMR)) == "same-recording"


async def test_after_ten_wrong_readings_the_sample_is_made_anew(small_scene: Scene) -> None:
    voice_id = await small_scene.draft()
    await small_scene.ask(voice_id)
    for _ in range(MOST_ATTEMPTS):
        assert await small_scene.hear(voice_id, note(silence(1))) == "not-heard"
    with pytest.raises(Impossible, match="too-many-readings"):
        await small_scene.hear(voice_id, note(silence(1)))
    with pytest.raises(Impossible, match="too-many-readings"):
        await small_scene.ask(voice_id)


async def test_a_poor_sample_leaves_a_verdict_and_no_sound(small_scene: Scene) -> None:
    for recording, code in (
        (note(await say(small_scene.tts, "مرحبا بكم في المطعم", MAN)), "too-short"),
        (note(silence(12)), "quiet"),
        (note(silence(130)), "too-long"),
    ):
        voice, verdict = await small_scene.studio.start(
            small_scene.tenant.id, "خالد", "ar", recording, small_scene.speaker, small_scene.asr
        )
        assert code in verdict.problems
        assert (await small_scene.row(voice.id)).quality["problems"] == list(verdict.problems)
        with pytest.raises(Impossible, match="sample-refused"):
            await small_scene.ask(voice.id)
    assert stored(small_scene.folder) == []
    with pytest.raises(Impossible, match="media-unreadable"):
        await small_scene.studio.start(
            small_scene.tenant.id, "x", "ar", b"no sound", small_scene.speaker, small_scene.asr
        )
    with pytest.raises(Impossible, match="consent-language"):
        await small_scene.studio.start(small_scene.tenant.id, "x", "fr", b"", small_scene.speaker, small_scene.asr)


async def test_what_the_sample_says_is_heard_when_nobody_tells(small_scene: Scene) -> None:
    sample = note(await say(small_scene.tts, PAGE, MAN))
    voice, _ = await small_scene.studio.start(
        small_scene.tenant.id, "خالد", "ar", sample, small_scene.speaker, small_scene.asr
    )
    assert "مطعم اللؤلؤة" in voice.sample_text


async def test_an_english_voice_with_a_recogniser_that_knows_english(small_scene: Scene) -> None:
    scene, tenant_id = small_scene, small_scene.tenant.id
    sample = note(await say(scene.tts, ENGLISH_PAGE, "en+m7"))
    voice, verdict = await scene.studio.start(tenant_id, "John", "en", sample, scene.speaker, Heard(ENGLISH_PAGE))
    assert verdict.problems == ()
    assert voice.sample_text == ENGLISH_PAGE
    asked = await scene.studio.ask(tenant_id, voice.id, "The Pearl", "John Smith", "everything")
    recording = note(await say(scene.tts, asked.sentence, "en+m7"))
    for heard, code in ((asked.sentence.replace("I agree", "I don't agree"), "refused"), (asked.sentence, None)):
        outcome = await scene.studio.consent(tenant_id, voice.id, recording, Heard(heard), scene.speaker)
        assert outcome.code == code
    assert (await scene.row(voice.id)).scope == "everything"
