"""Word times laid over from a voice that knows them: right within hundredths of a second, or none at all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core_pipeline.contracts.engines import Pcm, Saying, Speech, Tts, Word
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.engines.wrap.aligned import LONGEST, AlignedTts, laid_over
from core_pipeline.media.pcm import add_noise, join, resample
from errors import Impossible, Retryable, SawtakError

TEXTS = [
    Saying("مرحبا بكم في مطعم اللؤلؤة، كيف نستطيع أن نساعدكم اليوم؟", "ar", timed=True),
    Saying("نفتح كل يوم من الساعة العاشرة صباحا حتى منتصف الليل. شكرا لكم!", "ar", timed=True),
    Saying("عندنا WiFi مجاني لجميع الزبائن في الطابق الثاني", "ar", timed=True),
    Saying("Your order will arrive tomorrow morning at ten o'clock.", "en", timed=True),
]
VARIANTS = ["f3", "m8", "Annie", "whisper"]


class Told:
    """A voice that gives what it was given; `seen` keeps the sayings."""

    def __init__(self, parts: Sequence[Speech], error: SawtakError | None = None) -> None:
        self.parts, self.error = parts, error
        self.seen: list[Saying] = []

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        self.seen.append(saying)
        for part in self.parts:
            yield part
        if self.error:
            raise self.error

    async def close(self) -> None:
        raise AssertionError("the owner closes it")


@pytest.fixture
async def espeak() -> AsyncIterator[EspeakTts]:
    engine = EspeakTts(EspeakConfig())
    yield engine
    await engine.close()


async def said(engine: Tts, saying: Saying) -> list[Speech]:
    return [part async for part in engine.speak(saying)]


def mute(parts: Sequence[Speech]) -> list[Speech]:
    return [Speech(part.pcm) for part in parts]


def sound(parts: Sequence[Speech]) -> Pcm:
    return join([part.pcm for part in parts])


def words(parts: Sequence[Speech]) -> list[Word]:
    return [word for part in parts for word in part.words]


def phonemes(parts: Sequence[Speech]) -> list[Word]:
    return [phoneme for part in parts for phoneme in part.phonemes]


def errors(told: Sequence[Word], found: Sequence[Word]) -> list[float]:
    assert [one.text for one in told] == [one.text for one in found]
    return [abs(one.start - other.start) for one, other in zip(told, found, strict=True)]


@pytest.mark.parametrize("variant", VARIANTS)
async def test_another_voices_words_and_phonemes_are_found(variant: str, espeak: EspeakTts) -> None:
    of_words: list[float] = []
    of_phonemes: list[float] = []
    for text in TEXTS:
        truth = await said(espeak, replace(text, voice=f"ar+{variant}"))
        found = await said(AlignedTts(Told(mute(truth)), espeak), text)
        assert [part.pcm for part in found] == [part.pcm for part in truth]
        of_words += errors(words(truth), words(found))
        of_phonemes += errors(phonemes(truth), phonemes(found))
    assert np.median(of_words) < 0.01
    assert np.median(of_phonemes) < 0.01
    assert max(of_words) < 0.08


@pytest.mark.parametrize("rate", [0.75, 1.4])
async def test_a_voice_of_another_speed_is_followed(rate: float, espeak: EspeakTts) -> None:
    truth = await said(espeak, replace(TEXTS[0], voice="ar+f3", rate=rate))
    found = await said(AlignedTts(Told(mute(truth)), espeak), TEXTS[0])
    assert np.median(errors(words(truth), words(found))) < 0.025


async def test_hiss_a_telephone_and_a_pause_change_little(espeak: EspeakTts) -> None:
    truth = await said(espeak, replace(TEXTS[0], voice="ar+m8"))
    guide = await said(espeak, TEXTS[0])
    whole = sound(truth)
    for spoilt in (add_noise(whole, 20, 1), resample(whole, 8_000)):
        assert np.median(errors(words(truth), laid_over(spoilt, guide).words)) < 0.025
    middle = words(truth)[4]
    at = 2 * int(middle.start * whole.sample_rate)
    paused = Pcm(whole.data[:at] + bytes(2 * int(0.6 * whole.sample_rate)) + whole.data[at:], whole.sample_rate)
    moved = [replace(w, start=w.start + 0.6 * (w.start >= middle.start)) for w in words(truth)]
    assert np.median(errors(moved, laid_over(paused, guide).words)) < 0.025


async def test_times_rise_and_lie_within_the_sound(espeak: EspeakTts) -> None:
    truth = await said(espeak, replace(TEXTS[1], voice="ar+f3"))
    found = await said(AlignedTts(Told(mute(truth)), espeak), TEXTS[1])
    for told in (words(found), phonemes(found)):
        times = [time for one in told for time in (one.start, one.end)]
        assert times == sorted(times)
        assert times[0] >= 0
        assert times[-1] <= sound(truth).seconds


async def test_all_parts_but_the_last_are_passed_on_at_once(espeak: EspeakTts) -> None:
    whole = sound(await said(espeak, replace(TEXTS[0], voice="ar+f3")))
    step = whole.sample_rate // 2 * 2
    pieces = [Speech(Pcm(whole.data[at : at + step], whole.sample_rate)) for at in range(0, len(whole.data), step)]
    guide = Told(await said(espeak, TEXTS[0]))
    stream = AlignedTts(Told(pieces), guide).speak(TEXTS[0])
    assert [await anext(stream) for _ in pieces[:-1]] == pieces[:-1]
    assert guide.seen == []
    last = await anext(stream)
    assert (last.pcm, len(last.words)) == (pieces[-1].pcm, 10)
    assert [part async for part in stream] == []


async def test_what_the_voice_tells_itself_is_kept(espeak: EspeakTts) -> None:
    truth = await said(espeak, replace(TEXTS[1], voice="ar+f3"))
    guide = Told([], AssertionError)  # type: ignore[arg-type]  # must not be asked
    assert await said(AlignedTts(Told(truth), guide), TEXTS[1]) == truth
    only_words = [replace(part, phonemes=()) for part in truth]
    found = await said(AlignedTts(Told(only_words), espeak), TEXTS[1])
    assert words(found) == words(truth)
    assert np.median(errors(phonemes(truth), phonemes(found))) < 0.01


async def test_nothing_is_asked_of_the_guide_unless_times_are_wanted(espeak: EspeakTts) -> None:
    parts = mute(await said(espeak, TEXTS[0]))
    guide = Told([])
    assert await said(AlignedTts(Told(parts), guide), replace(TEXTS[0], timed=False)) == parts
    assert await said(AlignedTts(Told([]), guide), TEXTS[0]) == []
    assert guide.seen == []


async def test_the_guide_reads_in_its_own_voice_at_the_same_speed(espeak: EspeakTts) -> None:
    parts = mute(await said(espeak, TEXTS[0]))
    guide = Told([])
    await said(AlignedTts(Told(parts), guide), replace(TEXTS[0], voice="nova", rate=1.2, pitch=1.5))
    assert guide.seen == [replace(TEXTS[0], rate=1.2)]


@pytest.mark.parametrize("error", [Impossible("language"), Retryable("voice-process-ended")])
async def test_a_guide_that_fails_costs_the_times_only(error: SawtakError, espeak: EspeakTts) -> None:
    parts = mute(await said(espeak, TEXTS[0]))
    assert await said(AlignedTts(Told(parts), Told([], error)), TEXTS[0]) == parts


async def test_a_failing_voice_is_not_hidden(espeak: EspeakTts) -> None:
    with pytest.raises(Retryable, match="busy"):
        await said(AlignedTts(Told([], Retryable("busy")), espeak), TEXTS[0])


async def test_another_text_is_not_timed(espeak: EspeakTts) -> None:
    read = [await said(espeak, replace(text, voice="ar+f3")) for text in TEXTS]
    plain = [await said(espeak, text) for text in TEXTS]
    for one, told in enumerate(plain):
        assert [laid_over(sound(heard), told).words == () for heard in read] == [one != other for other in range(4)]


@pytest.mark.parametrize("share", [0.5, 0.6])
async def test_half_a_text_is_not_timed(share: float, espeak: EspeakTts) -> None:
    for text in TEXTS:
        heard, told = sound(await said(espeak, replace(text, voice="ar+f3"))), await said(espeak, text)
        half = Pcm(heard.data[: int(len(heard.data) * share) // 2 * 2], heard.sample_rate)
        assert laid_over(half, told).words == ()
        plain = sound(told)
        half_guide = Speech(Pcm(plain.data[: int(len(plain.data) * share) // 2 * 2], plain.sample_rate), told[0].words)
        assert laid_over(heard, [half_guide]).words == ()


def hum(seconds: float, rate: int) -> Pcm:
    samples = 8_000 * np.sin(2 * np.pi * 220 * np.arange(int(seconds * rate)) / rate)
    return Pcm(samples.astype("<i2").tobytes(), rate)


async def test_what_is_no_speech_is_not_timed(espeak: EspeakTts) -> None:
    told = await said(espeak, TEXTS[0])
    length = sound(told).seconds
    noise = np.random.default_rng(1).normal(0, 3_000, int(length * 24_000)).astype("<i2").tobytes()
    nothing = [Pcm(b"", 24_000), Pcm(bytes(100), 24_000), Pcm(bytes(int(length) * 48_000), 24_000)]
    for heard in [*nothing, hum(length, 24_000), Pcm(noise, 24_000), hum(length * 5, 8_000)]:
        assert laid_over(heard, told).words == ()
    assert laid_over(sound(told), [Speech(nothing[-1], told[0].words)]).words == ()


async def test_what_is_too_long_for_a_sentence_is_not_timed(espeak: EspeakTts) -> None:
    guide = Told(await said(espeak, TEXTS[0]))
    endless = Speech(hum(LONGEST + 1, 8_000))
    assert await said(AlignedTts(Told([endless]), guide), TEXTS[0]) == [endless]
    assert guide.seen == []


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=6_000), st.binary(max_size=6_000), st.sampled_from([8_000, 22_050, 48_000]))
def test_wild_sound_is_survived(heard: bytes, told: bytes, rate: int) -> None:
    speech = Pcm(heard[: len(heard) // 2 * 2], rate)
    guide = Speech(Pcm(told[: len(told) // 2 * 2], 22_050), (Word("a", 0.0, 0.1), Word("b", 0.1, 9.0)))
    times = [time for word in laid_over(speech, [guide]).words for time in (word.start, word.end)]
    assert all(one <= other for one, other in pairwise(times))
    assert all(0 <= time <= speech.seconds + 0.1 for time in times)
