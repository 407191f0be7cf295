"""A picture is shown only after the person in it read the sentence aloud."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from core_pipeline.cloning.attempt import MOST_ATTEMPTS
from core_pipeline.contracts.engines import Pcm, Transcript
from core_pipeline.media.wav import unpacked
from core_pipeline.portraits.faults import explain
from core_pipeline.portraits.use import face_of
from errors import Impossible
from tenants.models import AvatarState
from tests.cloning.people import MAN, WOMAN, Heard, note, say, silence
from tests.portraits.files import pack
from tests.portraits.house import House, Tools


async def test_from_the_picture_to_an_avatar_that_is_shown(house: House, tools: Tools) -> None:
    avatar_id = await house.photo()
    sentence = await house.ask(avatar_id)
    assert "تحريك صورتي" in sentence
    heard = note(await say(tools.tts, sentence, WOMAN))
    outcome = await house.permission.hear(house.tenant.id, avatar_id, heard, tools.asr, tools.speaker)
    assert (outcome.code, outcome.likeness) == (None, None)
    row = await house.row(avatar_id)
    assert (row.state, row.person, row.scope, row.sentence) == (AvatarState.READY, "خالد يوسف", "answers", sentence)
    assert row.consented_at == house.clock.at
    assert unpacked(await house.blobs.get(house.tenant.id, row.consent_blob or "")).seconds > 8
    face = await face_of(house.db, house.blobs, house.tenant.id, avatar_id)
    assert (face.kind, set(face.files)) == ("photo", {"avatar.toml", "portrait.png"})
    with pytest.raises(Impossible, match="avatar-state"):
        await house.ask(avatar_id)


async def test_readings_that_are_no_consent(small_house: House, tools: Tools) -> None:
    house, tenant_id = small_house, small_house.tenant.id
    avatar_id = await house.photo()
    with pytest.raises(Impossible, match="no-sentence"):
        await house.permission.hear(tenant_id, avatar_id, note(silence(1)), tools.asr, tools.speaker)
    shown, files = await house.ask(avatar_id), len(house.stored())

    async def heard(text: str, voice: str = MAN) -> str | None:
        recording = note(await say(tools.tts, text, voice)) if text else note(silence(2))
        return (await house.permission.hear(tenant_id, avatar_id, recording, tools.asr, tools.speaker)).code

    found = {
        "refused": await heard(shown.replace("أوافق", "لا أوافق")),
        "not-read": await heard("مرحبا، كم سعر الشاورما اليوم؟"),
        "not-heard": await heard(""),
    }
    again = await house.ask(avatar_id)
    found["wrong-words"] = await heard(shown)
    house.clock.at += timedelta(minutes=16)
    found["sentence-expired"] = await heard(again)
    assert found == {code: code for code in found}
    row = await house.row(avatar_id)
    assert (row.state, row.consent_blob, row.consented_at) == (AvatarState.DRAFT, None, None)
    assert [one["code"] for one in row.checks["attempts"]] == list(found)
    assert len(house.stored()) == files
    for code in found:
        assert {explain(code, language) for language in ("ar", "en")}.isdisjoint({code})


async def test_a_crowd_is_no_person(small_house: House, tools: Tools) -> None:
    avatar_id = await small_house.photo()
    sentence = await small_house.ask(avatar_id)
    halves = [await say(tools.tts, sentence, voice) for voice in (MAN, WOMAN)]
    mixed = type(halves[0])(halves[0].data + halves[1].data, halves[0].sample_rate)
    outcome = await small_house.permission.hear(
        small_house.tenant.id, avatar_id, note(mixed), Heard(sentence), tools.speaker
    )
    assert outcome.code == "two-speakers"


async def test_english_is_heard_by_a_recogniser_that_knows_it(small_house: House, tools: Tools) -> None:
    avatar_id = await small_house.photo()
    sentence = await small_house.ask(avatar_id, "en")
    assert "my picture may be animated to answer customers" in sentence
    heard = note(await say(tools.tts, sentence, "en+m7"))
    outcome = await small_house.permission.hear(small_house.tenant.id, avatar_id, heard, Heard(sentence), tools.speaker)
    assert outcome.code is None


async def test_after_ten_wrong_readings_the_picture_is_brought_anew(small_house: House, tools: Tools) -> None:
    avatar_id = await small_house.photo()
    await small_house.ask(avatar_id)
    recording = note(silence(1))
    for _ in range(MOST_ATTEMPTS):
        await small_house.permission.hear(small_house.tenant.id, avatar_id, recording, tools.asr, tools.speaker)
    with pytest.raises(Impossible, match="too-many-attempts"):
        await small_house.ask(avatar_id)


async def test_only_photographs_are_asked_for(small_house: House) -> None:
    drawn = await small_house.gallery.take_in(small_house.tenant.id, pack())
    with pytest.raises(Impossible, match="avatar-state"):
        await small_house.ask(drawn.id)


async def test_a_picture_revoked_while_it_is_heard_is_not_released(house: House, tools: Tools) -> None:
    avatar_id = await house.photo()
    recording = note(await say(tools.tts, await house.ask(avatar_id), MAN))

    class Slow(Heard):
        """Lets the owner change their mind while it listens."""

        async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:
            await house.gallery.revoke(house.tenant.id, avatar_id)
            return await super().transcribe(speech, language)

    slow = Slow((await house.row(avatar_id)).sentence)
    with pytest.raises(Impossible, match="avatar-state"):
        await house.permission.hear(house.tenant.id, avatar_id, recording, slow, tools.speaker)
    assert house.stored() == []


async def test_another_sentence_asked_for_meanwhile_is_the_one_to_read(small_house: House, tools: Tools) -> None:
    house = small_house
    avatar_id = await house.photo()
    first = await house.ask(avatar_id)
    recording = note(await say(tools.tts, first, MAN))

    class Slow(Heard):
        """Somebody asks again while it listens."""

        async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:
            await house.ask(avatar_id)
            return await super().transcribe(speech, language)

    with pytest.raises(Impossible, match="avatar-changed"):
        await house.permission.hear(house.tenant.id, avatar_id, recording, Slow(first), tools.speaker)
    assert (await house.row(avatar_id)).state == AvatarState.DRAFT


async def test_two_readings_at_once_release_it_once(house: House, tools: Tools) -> None:
    avatar_id = await house.photo()
    recording = note(await say(tools.tts, await house.ask(avatar_id), MAN))
    hearing = (house.permission.hear(house.tenant.id, avatar_id, recording, tools.asr, tools.speaker) for _ in range(2))
    found = await asyncio.gather(*hearing, return_exceptions=True)
    assert [one.code for one in found if isinstance(one, Impossible)] == ["avatar-state"]
    assert len(house.stored()) == 2
