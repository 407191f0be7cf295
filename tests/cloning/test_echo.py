"""A copy of the sample is known again, whatever was done to it; the same person saying something else is no copy."""

from __future__ import annotations

from core_pipeline.cloning.echo import copied, is_copy
from core_pipeline.contracts.engines import Pcm
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.media.pcm import add_noise, join
from core_pipeline.media.sandbox import Sandbox
from tests.cloning.people import AMR, MAN, OGG, PAGE, louder, note, say, silence

OTHER = "أنا خالد. أوافق على استخدام صوتي في الرد على العملاء. كلمات التأكيد: قهوة، حليب، حديقة، شاشة، بطيخ، سمك."


async def test_copies_are_known(tts: EspeakTts, sandbox: Sandbox) -> None:
    sample = await say(tts, PAGE, MAN)
    piece = Pcm(sample.data[2 * 3 * 22_050 + 1234 : 2 * 11 * 22_050], sample.sample_rate)
    for copy in (
        sample,
        piece,
        louder(sample, 0.2),
        add_noise(sample, 12, 1),
        join([silence(2), sample]),
        await sandbox.decode(note(louder(sample, 0.3), OGG), sample_rate=24_000),
        await sandbox.decode(note(sample, AMR), sample_rate=16_000),
    ):
        assert copied(sample, copy) > 0.8


async def test_a_reading_with_the_sample_in_it_is_a_copy(tts: EspeakTts) -> None:
    sample = await say(tts, PAGE, MAN)
    assert is_copy(sample, join([await say(tts, OTHER, MAN), sample]))


async def test_the_same_voice_in_other_words_or_at_another_pace_is_no_copy(tts: EspeakTts) -> None:
    sample = await say(tts, PAGE, MAN)
    assert copied(sample, await say(tts, OTHER, MAN)) == 0.0
    assert copied(sample, await say(tts, PAGE, MAN, 1.06)) < 0.1


def test_silence_and_moments_are_copies_of_nothing() -> None:
    assert copied(silence(5), silence(5)) == 0.0
    assert copied(silence(0.1), silence(5)) == 0.0
