"""The embedded voice speaks, times its words, and survives the death of its process."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from core_pipeline.contracts.engines import Clone, Pcm, Saying, Speech, Tts
from core_pipeline.engines.tts.espeak import SPEC, EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.engines.tts.espeak.runs import Run, cut
from errors import Impossible, NeedsOwner, Retryable
from tests.factories import bench


@pytest.fixture
async def voice() -> AsyncIterator[EspeakTts]:
    engine = EspeakTts(EspeakConfig())
    yield engine
    await engine.close()


async def said(engine: Tts, saying: Saying) -> list[Speech]:
    return [part async for part in engine.speak(saying)]


def loudness(part: Speech) -> float:
    return float(np.sqrt(np.mean(np.square(np.frombuffer(part.pcm.data, dtype="<i2").astype(float)))))


def pid_of(engine: EspeakTts) -> int:
    assert engine.pid is not None
    return engine.pid


async def test_the_spec_opens_an_engine_that_speaks(tmp_path: Path) -> None:
    engine = await SPEC.open(SPEC.config(), bench(tmp_path))
    (part,) = await said(engine, Saying("أهلا بكم", "ar"))
    await engine.close()
    assert part.pcm.sample_rate == 22_050
    assert 0.4 < part.pcm.seconds < 3
    assert loudness(part) > 300


async def test_words_are_named_as_written_with_rising_times(voice: EspeakTts) -> None:
    parts = await said(voice, Saying("مرحبا بكم في مطعم اللؤلؤة. كيف نساعدكم؟", "ar"))
    words = [word for part in parts for word in part.words]
    assert [word.text for word in words] == ["مرحبا", "بكم", "في", "مطعم", "اللؤلؤة.", "كيف", "نساعدكم؟"]
    assert all(word.start < word.end for word in words)
    assert all(one.end <= other.start + 1e-6 for one, other in pairwise(words))
    assert words[-1].end <= sum(part.pcm.seconds for part in parts)


async def test_a_word_ends_before_the_pause_after_it(voice: EspeakTts) -> None:
    (part,) = await said(voice, Saying("نعم.", "ar"))
    assert part.words[-1].end < part.pcm.seconds - 0.1


async def test_phonemes_fill_the_words_in_order(voice: EspeakTts) -> None:
    (part,) = await said(voice, Saying("شكرا جزيلا", "ar"))
    starts = [phoneme.start for phoneme in part.phonemes]
    assert len(starts) > 8
    assert starts == sorted(starts)
    assert part.phonemes[0].text == "ʃ"


async def test_latin_words_are_read_by_the_english_voice(voice: EspeakTts) -> None:
    parts = await said(voice, Saying("عندنا WiFi مجاني", "ar"))
    assert [word.text for part in parts for word in part.words] == ["عندنا", "WiFi", "مجاني"]
    assert "aɪ" in "".join(phoneme.text for phoneme in parts[1].phonemes)
    starts = [part.words[0].start for part in parts]
    assert starts[1] == pytest.approx(parts[0].pcm.seconds, abs=0.1)
    assert starts == sorted(starts)


async def test_a_number_is_one_word(voice: EspeakTts) -> None:
    (part,) = await said(voice, Saying("السعر 1250 ريال", "ar"))
    assert [word.text for word in part.words] == ["السعر", "1250", "ريال"]


async def test_vowels_come_from_the_front_end_and_the_authors_stay(voice: EspeakTts) -> None:
    (plain,) = await said(voice, Saying("مطعم اللؤلؤة", "ar"))
    (authored,) = await said(voice, Saying("مَطْعَمْ اللُّؤْلُؤَة", "ar"))
    assert "a" in "".join(p.text for p in plain.phonemes)
    assert "".join(p.text for p in authored.phonemes).replace("ˈ", "").replace("ˌ", "").startswith("mat̪ʕam")


async def test_rate_pitch_and_voice_are_heard(voice: EspeakTts) -> None:
    (normal,) = await said(voice, Saying("ما هي ساعات العمل", "ar"))
    (fast,) = await said(voice, Saying("ما هي ساعات العمل", "ar", rate=1.5))
    (high,) = await said(voice, Saying("ما هي ساعات العمل", "ar", pitch=1.6))
    (other,) = await said(voice, Saying("ما هي ساعات العمل", "ar", voice="ar+f3"))
    assert fast.pcm.seconds < 0.8 * normal.pcm.seconds
    assert len({normal.pcm.data, high.pcm.data, other.pcm.data}) == 3


@pytest.mark.parametrize("text", ["", "   ", "\n"])
async def test_nothing_to_say_is_no_speech(voice: EspeakTts, text: str) -> None:
    assert await said(voice, Saying(text, "ar")) == []


async def test_what_cannot_be_spoken_is_refused(voice: EspeakTts) -> None:
    with pytest.raises(NeedsOwner, match="unknown-voice"):
        await said(voice, Saying("نعم", "ar", voice="ar+../../etc"))
    with pytest.raises(Impossible, match="language"):
        await said(voice, Saying("oui", "fr"))
    with pytest.raises(Impossible, match="text-too-long"):
        await said(voice, Saying("نعم " * 2000, "ar"))
    with pytest.raises(Impossible, match="cannot-clone"):
        await said(voice, Saying("نعم", "ar", clone=Clone("v", Pcm(b"", 16_000), "نعم")))
    assert await said(voice, Saying("نعم", "ar"))


async def test_a_killed_process_is_retryable_and_replaced(voice: EspeakTts) -> None:
    await said(voice, Saying("نعم", "ar"))
    first = pid_of(voice)
    os.kill(first, signal.SIGSTOP)  # so that it dies in the middle of the request
    pending = asyncio.create_task(said(voice, Saying("نعم نعم", "ar")))
    await asyncio.sleep(0.05)
    os.kill(first, signal.SIGKILL)
    with pytest.raises(Retryable, match="voice-process-ended"):
        await pending
    assert await said(voice, Saying("نعم نعم", "ar"))
    assert pid_of(voice) != first


async def test_a_process_that_died_idle_is_replaced_without_an_error(voice: EspeakTts) -> None:
    await said(voice, Saying("نعم", "ar"))
    os.kill(pid_of(voice), signal.SIGKILL)
    await asyncio.sleep(0.2)
    assert await said(voice, Saying("نعم", "ar"))


async def test_a_silent_process_is_given_up() -> None:
    engine = EspeakTts(EspeakConfig(timeout=10.0))
    await said(engine, Saying("نعم", "ar"))
    engine._process._timeout = 0.3
    os.kill(pid_of(engine), signal.SIGSTOP)
    with pytest.raises(Retryable, match="voice-process-slow"):
        await said(engine, Saying("نعم", "ar"))
    await engine.close()


async def test_a_listener_who_leaves_harms_nobody(voice: EspeakTts) -> None:
    long = "مرحبا بكم. " * 60
    async for _ in voice.speak(Saying(long, "ar")):
        break
    (part,) = await said(voice, Saying("نعم", "ar"))
    assert [word.text for word in part.words] == ["نعم"]


async def test_many_at_once_each_get_their_own(voice: EspeakTts) -> None:
    texts = ["نعم", "شكرا جزيلا", "مرحبا بكم في المطعم", "Hello"]
    answers = await asyncio.gather(*(said(voice, Saying(text, "ar")) for text in texts))
    assert [" ".join(w.text for part in parts for w in part.words) for parts in answers] == texts


async def test_closing_ends_the_process() -> None:
    engine = EspeakTts(EspeakConfig())
    await said(engine, Saying("نعم", "ar"))
    child = pid_of(engine)
    await engine.close()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_text_is_cut_by_script_and_sentence() -> None:
    assert cut("عندنا iPhone 15 جديد. نعم", "ar") == [
        Run("ar", ("عندنا",), ends=False),
        Run("en", ("iPhone",), ends=False),
        Run("ar", ("15", "جديد."), ends=True),
        Run("ar", ("نعم",), ends=True),
    ]


VOCALISED_BY_HAND = {
    "ما هي ساعات العمل يوم الجمعة": "مَا هِيَ سَاعَاتُ الْعَمَلِ يَوْمَ الْجُمُعَة",
    "هل يوجد توصيل إلى المنزل": "هَلْ يُوجَدُ تَوْصِيلٌ إِلَى الْمَنْزِل",
    "وصل الطلب باردا ومتأخرا": "وَصَلَ الطَّلَبُ بَارِدًا وَمُتَأَخِّرًا",
    "كم سعر طبق الدجاج المشوي": "كَمْ سِعْرُ طَبَقِ الدَّجَاجِ الْمَشْوِي",
    "أريد التحدث مع مدير المطعم": "أُرِيدُ التَّحَدُّثَ مَعَ مُدِيرِ الْمَطْعَم",
    "السلام عليكم ورحمة الله وبركاته": "السَّلَامُ عَلَيْكُمْ وَرَحْمَةُ اللَّهِ وَبَرَكَاتُه",
}


def sounds(parts: list[Speech]) -> list[str]:
    return [p.text.strip("ˈˌ") for part in parts for p in part.phonemes]


async def test_the_front_end_reads_nearly_as_a_hand_vocalised_text(voice: EspeakTts) -> None:
    wrong = total = 0
    for written, vocalised in VOCALISED_BY_HAND.items():
        ours, right = (
            sounds(await said(voice, Saying(written, "ar"))),
            sounds(await said(voice, Saying(vocalised, "ar"))),
        )
        same = SequenceMatcher(None, ours, right, autojunk=False)
        wrong += len(right) - sum(block.size for block in same.get_matching_blocks())
        total += len(right)
    assert total > 120
    assert wrong / total < 0.05


@pytest.mark.parametrize(
    "text",
    [
        "🎉❤\u200e👍",
        "[,} i7/{<!4+9!",
        "ج٧ع .٧ !ٰ ٌَ ل ًسذُ",
        "\x00\x1b\r نعم \x00",
        "漢字 かな",
        "<b>&amp;</b> [[x]] %s",
        "9" * 300,
    ],
)
async def test_wild_text_is_survived(voice: EspeakTts, text: str) -> None:
    parts = await said(voice, Saying(text, "ar"))
    first = voice.pid
    assert all(word.start <= word.end for part in parts for word in part.words)
    assert await said(voice, Saying("نعم", "ar"))
    assert pid_of(voice) == first
