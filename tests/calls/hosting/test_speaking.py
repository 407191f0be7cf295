"""How sentences sound: ready words come from memory, in the voice that may speak now; answers never do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.calls.host import Say
from core_pipeline.calls.hosting import host_for
from core_pipeline.calls.reciting import recite, warm
from core_pipeline.calls.sounds import LASTS_SECONDS, Sounds, Words
from core_pipeline.contracts.engines import Pcm, Speech
from core_pipeline.contracts.phrases import READY
from core_pipeline.engines.wrap.flowing import flowing
from core_pipeline.media.wav import wav
from errors import Impossible, Retryable
from tenants import voices
from tenants.models import ClonedVoice, VoiceState, now
from tests.calls.hosting.stage import SECOND, Stage, staged
from tests.conftest import Floor

MOMENT = Say(READY["moment"]["ar"], "ar")
ANSWER = Say("نفتح الساعة العاشرة صباحا.", "ar")


def kept(tenant: str, text: str, clone: str | None = None) -> Words:
    return Words(tenant, text, "ar", clone_id=clone)


def sound(size: int) -> Speech:
    return Speech(Pcm(bytes(size), 8000))


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 60)), max_size=30))
def test_no_more_is_kept_than_was_agreed(puts: list[tuple[str, int]]) -> None:
    sounds = Sounds(100)
    for text, size in puts:
        sounds.put(kept("t", text), sound(size))
        assert sounds.get(kept("t", text)) is not None
        alive = [sounds.get(kept("t", one)) for one in "abcdef"]
        assert sounds.size == sum(len(one.pcm.data) for one in alive if one) <= 100


def test_what_was_used_last_stays_and_nothing_for_ever() -> None:
    time = [0.0]
    sounds = Sounds(100, lambda: time[0])
    for text in "abc":
        sounds.put(kept("t", text), sound(40))
        sounds.get(kept("t", "a"))
    assert [text for text in "abc" if sounds.get(kept("t", text))] == ["a", "c"]
    assert sounds.get(kept("other", "a")) is None
    sounds.put(kept("t", "long"), sound(101))
    assert sounds.get(kept("t", "long")) is None
    time[0] = LASTS_SECONDS + 1
    assert sounds.get(kept("t", "a")) is None
    assert sounds.size == 40


@pytest.fixture
async def stage(sqlite_database: Floor, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(sqlite_database, tmp_path) as ready:
        yield ready


async def heard(stage: Stage, say: Say) -> list[Speech]:
    return [part async for part in stage.host.speak(say)]


async def test_ready_words_are_spoken_once_and_answers_each_time(stage: Stage) -> None:
    first = await heard(stage, MOMENT)
    [again] = await heard(stage, MOMENT)
    assert again.pcm.data == b"".join(part.pcm.data for part in first)
    assert len(stage.engines.spoken) == 1
    await heard(stage, ANSWER)
    await heard(stage, ANSWER)
    assert len(stage.engines.spoken) == 3


async def test_another_call_has_them_at_once_and_another_business_its_own(stage: Stage, tmp_path: Path) -> None:
    await warm(stage.lobby, stage.tenant.id)
    spoken = len(stage.engines.spoken)
    assert spoken >= 8
    for word in ("moment", "greeting", "trouble"):
        await heard(await stage.again(), Say(READY[word]["ar"], "ar"))
    assert len(stage.engines.spoken) == spoken
    async with staged(stage.floor, tmp_path / "other") as other:
        lobby = other.lobby
        object.__setattr__(lobby, "sounds", stage.lobby.sounds)
        other.host, _ = await host_for(lobby, other.call_id)
        await heard(other, MOMENT)
        assert len(other.engines.spoken) == 1


async def test_what_is_prepared_is_what_is_said(stage: Stage) -> None:
    await stage.policy(phrases={"moment": {"ar": "لحظة، نحن {business}."}})
    await warm(stage.lobby, stage.tenant.id)
    spoken = len(stage.engines.spoken)
    ready = (await stage.again()).host
    assert [part async for part in ready.speak(Say(ready.words("moment", "ar"), "ar"))]
    assert len(stage.engines.spoken) == spoken


async def test_words_that_were_broken_off_or_failed_are_not_kept(stage: Stage) -> None:
    stage.engines.speaking.clear()
    async with flowing(stage.host.speak(MOMENT)) as speaking:
        await anext(speaking)
    assert stage.lobby.sounds.size == 0
    stage.engines.speaking.set()
    stage.engines.fail["tts"] = [Retryable("down")]
    with pytest.raises(Retryable):
        await heard(stage, MOMENT)
    stage.engines.fail["tts"] = [Retryable("down")]
    await warm(stage.lobby, stage.tenant.id)
    assert stage.lobby.sounds.size == 0


async def test_a_slow_listener_holds_up_no_engine(stage: Stage) -> None:
    async with flowing(stage.host.speak(ANSWER)) as speaking:
        await anext(speaking)
        await stage.engines.silent.wait()


async def test_words_for_a_vendor_are_at_the_rate_of_the_telephone(stage: Stage) -> None:
    first = await recite(stage.lobby, stage.tenant.id, READY["leave_message"]["ar"], "ar")
    assert first.sample_rate == 8000
    assert first == await recite(stage.lobby, stage.tenant.id, READY["leave_message"]["ar"], "ar")
    assert len(stage.engines.spoken) == 1
    with pytest.raises(Impossible, match="tenant-missing"):
        await recite(stage.lobby, "nobody", "x", "ar")


async def test_only_faces_need_times(stage: Stage) -> None:
    await heard(stage, MOMENT)
    host, _ = await host_for(stage.lobby, stage.call_id, faces=True)
    async for _ in host.speak(MOMENT):
        pass
    assert [one.timed for one in stage.engines.spoken] == [False, True]


async def make_voice(stage: Stage) -> str:
    sample = await stage.lobby.blobs.put(stage.tenant.id, "voices", wav(SECOND), ".wav")
    voice = ClonedVoice(
        tenant_id=stage.tenant.id, name="v", language="ar", state=VoiceState.READY, sample=sample, sample_text="نعم"
    )
    async with stage.floor.db.platform() as session:
        session.add(voice)
    return voice.id


async def revoke(stage: Stage, voice_id: str) -> None:
    async with stage.floor.db.tenant(stage.tenant.id) as session:
        await voices.revoke(session, voice_id, now())


async def test_a_revoked_voice_is_silent_from_that_moment_on(database: Floor, tmp_path: Path) -> None:
    async with staged(database, tmp_path) as first:
        voice_id = await make_voice(first)
        await first.policy(voice={"ar": f"clone:{voice_id}"})
        stage = await first.again()
        await heard(stage, MOMENT)
        await heard(stage, MOMENT)
        assert [voice.clone.id for voice in stage.engines.voices if voice and voice.clone] == [voice_id]
        assert stage.lobby.sounds.size
        await revoke(stage, voice_id)
        await heard(stage, MOMENT)
        assert stage.engines.voices[-1] is None
        assert not [words for words in stage.lobby.sounds._kept if words.clone_id]
        await (await stage.again()).hangs_up()
        await stage.hangs_up()


async def test_a_recording_in_a_revoked_voice_is_not_kept(database: Floor, tmp_path: Path) -> None:
    async with staged(database, tmp_path) as first:
        voice_id = await make_voice(first)
        await first.policy(voice={"ar": f"clone:{voice_id}"})
        calls = [await first.again(), await first.again()]
        for stage in calls:
            await heard(stage, MOMENT)
        kept = await calls[0].hangs_up(recording=SECOND.data * 2)
        assert kept.recording is not None
        async with database.db.tenant(first.tenant.id, reads=True) as session:
            assert kept.recording in await voices.remains(session, voice_id)
        await revoke(first, voice_id)
        assert (await calls[1].hangs_up(recording=SECOND.data * 2)).recording is None


@pytest.mark.parametrize(("wished", "speaks"), [("embedded-woman", "ar+f1"), ("nobody", "ar+m8"), ("", "ar+m8")])
async def test_a_visitor_may_choose_a_voice_of_the_shelf(stage: Stage, wished: str, speaks: str) -> None:
    await stage.policy(voice={"ar": "embedded-man-deep"})
    await stage.wishes(voice=wished)
    host, _ = await host_for(stage.lobby, stage.call_id)
    assert [part async for part in host.speak(ANSWER)]
    [voice] = [one for one in stage.engines.voices if one]
    assert (voice.engine, voice.name) == ("espeak", speaks)
