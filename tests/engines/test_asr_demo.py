"""The demo recogniser hears its restaurant's sentences through the committed network, and knows when it doesn't."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core_pipeline.contracts.engines import Asr, Pcm, Saying
from core_pipeline.engines.asr.demo import SPEC
from core_pipeline.engines.asr.demo.beam import Beam
from core_pipeline.engines.asr.demo.decode import words_of
from core_pipeline.engines.asr.demo.engine import MODEL, DemoAsr, Recogniser
from core_pipeline.engines.asr.demo.features import log_mel, resample, stack
from core_pipeline.engines.asr.demo.pieces import cut
from core_pipeline.engines.asr.demo.train.augment import mu_law, noise, opus
from core_pipeline.engines.asr.demo.train.grammar import Lexicon, lines, sentences
from core_pipeline.engines.asr.demo.train.score import errors
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from tests.factories import bench

HOURS = "ما هي ساعات العمل يوم الجمعة"
LARGEST_FILE = 6_000_000


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser()


@pytest.fixture
async def voice() -> AsyncIterator[EspeakTts]:
    engine = EspeakTts(EspeakConfig())
    yield engine
    await engine.close()


async def spoken(voice: EspeakTts, text: str, variant: str = "ar+f5") -> Pcm:
    parts = [part.pcm async for part in voice.speak(Saying(text, "ar", voice=variant))]
    return Pcm(b"".join(part.data for part in parts), parts[0].sample_rate)


def samples_of(pcm: Pcm) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.frombuffer(pcm.data, dtype="<i2").astype(np.float32)


def pcm_of(samples: np.ndarray[tuple[int], np.dtype[np.float32]], rate: int = 16_000) -> Pcm:
    return Pcm(samples.round().astype("<i2").tobytes(), rate)


async def test_the_spec_opens_what_hears_the_question_about_friday(voice: EspeakTts, tmp_path: Path) -> None:
    asr: Asr = await SPEC.open(SPEC.config(), bench(tmp_path))
    heard = await asr.transcribe(await spoken(voice, HOURS), "ar")
    await asr.close()
    assert heard.text == HOURS
    assert heard.language == "ar"
    assert heard.confidence is not None
    assert heard.confidence > 0.5


@pytest.mark.parametrize(
    ("text", "variant"),
    [
        ("أريد حجز طاولة يوم الخميس", "ar+m8"),
        ("بتفتحوا الساعة كام", "ar+Michael"),
        ("ابغى كبسة لحم لو سمحت", "ar+steph3"),
        ("نعم", "ar"),
    ],
)
async def test_it_hears_the_wordings_of_three_regions(
    recogniser: Recogniser, voice: EspeakTts, text: str, variant: str
) -> None:
    heard = await DemoAsr(recogniser).transcribe(await spoken(voice, text, variant))
    assert errors(heard.text, text) <= 1


async def test_it_hears_over_a_messenger_and_over_a_telephone(recogniser: Recogniser, voice: EspeakTts) -> None:
    clean = resample(samples_of(await spoken(voice, HOURS)), 22_050)
    asr = DemoAsr(recogniser)
    messenger = await asr.transcribe(pcm_of(opus(clean, 16_000)))
    telephone = await asr.transcribe(pcm_of(resample(mu_law(clean), 16_000, 8_000), 8_000))
    assert errors(messenger.text, HOURS) <= 2
    assert errors(telephone.text, HOURS) <= 2


async def test_words_have_rising_times_inside_the_speech(recogniser: Recogniser, voice: EspeakTts) -> None:
    speech = await spoken(voice, HOURS)
    heard = await DemoAsr(recogniser).transcribe(speech)
    assert " ".join(word.text for word in heard.words) == heard.text
    assert all(word.start < word.end for word in heard.words)
    assert all(one.end <= other.start + 1e-6 for one, other in pairwise(heard.words))
    assert heard.words[-1].end <= speech.seconds + 0.05
    assert all(word.confidence is not None and 0 < word.confidence <= 1 for word in heard.words)


async def test_long_speech_is_heard_to_its_end(recogniser: Recogniser, voice: EspeakTts) -> None:
    text = ". ".join(["ما هي ساعات العمل يوم الجمعة", "كم سعر شاورما دجاج", "أريد حجز طاولة يوم الخميس"] * 3)
    speech = await spoken(voice, text)
    heard = await DemoAsr(recogniser).transcribe(speech)
    assert speech.seconds > 12
    assert errors(heard.text.split(), text.replace(".", "").split()) <= 6
    assert all(one.start <= other.start for one, other in pairwise(heard.words))
    assert heard.words[-1].end > 0.85 * speech.seconds


async def test_noise_and_unknown_words_are_trusted_less(recogniser: Recogniser, voice: EspeakTts) -> None:
    asr = DemoAsr(recogniser)
    clean = resample(samples_of(await spoken(voice, HOURS)), 22_050)
    drowned = await asr.transcribe(pcm_of(noise(clean, -8, np.random.default_rng(3))))
    strange = [await asr.transcribe(await spoken(voice, text)) for text in lines("unseen.txt")[:6]]
    sure = (await asr.transcribe(pcm_of(clean))).confidence
    assert sure is not None
    assert drowned.confidence is not None
    assert drowned.confidence < sure - 0.3
    assert np.median([heard.confidence or 0.0 for heard in strange]) < sure - 0.3


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.3, 2.0])
async def test_silence_says_nothing_and_deserves_no_trust(recogniser: Recogniser, seconds: float) -> None:
    heard = await DemoAsr(recogniser).transcribe(pcm_of(np.zeros(int(16_000 * seconds), dtype=np.float32)))
    assert (heard.text, heard.words, heard.confidence) == ("", (), 0.0)


async def test_hearing_leaves_the_event_loop_free(recogniser: Recogniser, voice: EspeakTts) -> None:
    speech = await spoken(voice, HOURS)
    long = Pcm(speech.data * 20, speech.sample_rate)
    longest, start = 0.0, time.monotonic()
    last = start
    task = asyncio.create_task(DemoAsr(recogniser).transcribe(long))
    while not task.done():
        await asyncio.sleep(0.005)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    assert (await task).text
    assert longest < (last - start) / 2


def test_the_network_is_small_and_held_out_sentences_are_held_out() -> None:
    assert MODEL.stat().st_size < LARGEST_FILE
    lexicon = Lexicon.load()
    trained = sentences(lexicon, 300, 7)
    assert len(lexicon.vocabulary) > 500
    assert not set(trained) & {*lines("heldout.txt"), *lines("unseen.txt"), *lines("foreign.txt")}
    assert len(lines("heldout.txt")) == 40


TOKENS = ["<blank>", "ل@@", "ا", "ا@@"]


def frames(*rows: dict[int, float]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    posteriors = np.full((len(rows), len(TOKENS)), 1e-4, dtype=np.float32)
    for row, chances in enumerate(rows):
        posteriors[row, list(chances)] = list(chances.values())
    return np.log(posteriors)


def test_the_search_reads_letters_words_times_and_repeats() -> None:
    seen = frames(*({number: 0.94} for number in (0, 1, 1, 0, 1, 2, 0, 2)))
    words = words_of(Beam(TOKENS, {"للا"}).best(seen), seen, TOKENS)
    assert [(word.text, word.first, word.last) for word in words] == [("للا", 1, 6), ("ا", 7, 8)]
    assert words[0].posteriors == pytest.approx((0.94, 0.94, 0.94))
    assert (words[0].start, words[1].end) == pytest.approx((0.04, 0.32))


def test_a_known_word_wins_only_where_the_letters_are_in_doubt() -> None:
    doubtful = frames({1: 0.9}, {2: 0.55, 3: 0.4}, {0: 0.9}, {2: 0.9})
    clear = frames({1: 0.9}, {2: 0.989, 3: 0.0005}, {0: 0.9}, {2: 0.9})
    for known, expected in ({"لاا"}, "لاا"), ({"لا", "ا"}, "لا ا"):
        found = words_of(Beam(TOKENS, known).best(doubtful), doubtful, TOKENS)
        assert " ".join(word.text for word in found) == expected
    found = words_of(Beam(TOKENS, {"لاا"}).best(clear), clear, TOKENS)
    assert " ".join(word.text for word in found) == "لا ا"


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.floats(0.001, 1), min_size=4, max_size=4), min_size=1, max_size=25))
def test_any_frames_give_words_in_order(rows: list[list[float]]) -> None:
    chances = np.array(rows)
    log_posteriors = np.log(chances / chances.sum(axis=1, keepdims=True)).astype(np.float32)
    words = words_of(Beam(TOKENS, {"لا"}).best(log_posteriors), log_posteriors, TOKENS)
    assert all(word.first < word.last <= len(rows) for word in words)
    assert all(one.last <= other.first for one, other in pairwise(words))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 500_000))
def test_pieces_cover_speech_without_gap_or_overlap(length: int) -> None:
    samples = np.random.default_rng(length).normal(0, 100, length).astype(np.float32)
    pieces = cut(samples)
    assert all(one.stop == other.start for one, other in pairwise(pieces))
    assert all(piece.stop - piece.start <= 9 * 16_000 for piece in pieces)
    if length >= 16_000:
        assert (pieces[0].start, length - pieces[-1].stop) == (0, pytest.approx(0, abs=800))


@pytest.mark.parametrize("rate", [8_000, 22_050, 24_000, 44_100, 48_000])
def test_resampling_keeps_a_tone_and_drops_what_cannot_be(rate: int) -> None:
    seconds = np.arange(rate) / rate
    tone = np.sin(2 * np.pi * 440 * seconds).astype(np.float32)
    result = resample(tone, rate)
    expected = np.sin(2 * np.pi * 440 * np.arange(len(result)) / 16_000)
    assert len(result) == pytest.approx(16_000, abs=1)
    assert np.abs(result - expected)[200:-200].max() < 0.01
    if rate > 24_000:
        above = np.sin(2 * np.pi * 11_000 * seconds).astype(np.float32)
        assert np.abs(resample(above, rate))[200:-200].max() < 0.01


def test_features_have_the_shapes_they_promise() -> None:
    frames = log_mel(np.zeros(16_000, dtype=np.float32))
    assert frames.shape == (98, 80)
    assert stack(frames).shape == (25, 560)
    assert log_mel(np.zeros(3, dtype=np.float32)).shape == (1, 80)
