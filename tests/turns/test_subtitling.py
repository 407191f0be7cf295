"""Captions show the words as they are written, at the time at which they are said."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.arabic.speakable import speakable
from core_pipeline.contracts.engines import Saying, Word
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.turns.subtitling import worded


def test_words_that_are_run_together_share_their_time() -> None:
    spoken = (Word("in", 0.0, 0.2), Word("front", 0.2, 0.5), Word("of", 0.5, 0.8), Word("restaurant", 0.8, 1.4))
    shown = worded("In front of the restaurant.", spoken, 1.5)
    assert [word.text for word in shown] == ["In", "front", "of", "the", "restaurant."]
    assert [round(word.start, 2) for word in shown] == [0.0, 0.2, 0.5, 0.62, 0.8]
    assert [word.end for word in shown][:-1] == [word.start for word in shown][1:]
    assert shown[-1].end == 1.5


def test_figures_stay_figures() -> None:
    spoken = (Word("الساعة", 0.1, 0.5), Word("الحادية", 0.5, 1.0), Word("عشرة", 1.0, 1.4), Word("مَسَاءً", 1.4, 2.0))
    shown = worded("الساعة 11 مساء.", spoken, 2.0)
    assert [(word.text, word.start) for word in shown] == [
        ("الساعة", 0.1),
        ("11", pytest.approx(0.98, abs=0.2)),
        ("مساء.", 1.4),
    ]


def test_without_times_the_words_share_the_sound() -> None:
    shown = worded("one three", (), 8.0)
    assert [(word.start, word.end) for word in shown] == [(0.0, 3.0), (3.0, 8.0)]
    assert worded("  ", (), 1.0) == ()


@given(st.text(max_size=60), st.lists(st.tuples(st.text(max_size=8), st.floats(0, 9)), max_size=9), st.floats(0, 9))
def test_every_word_is_shown_in_order_whatever_a_voice_tells(
    text: str, told: list[tuple[str, float]], seconds: float
) -> None:
    shown = worded(text, [Word(said, start, start) for said, start in told], seconds)
    assert [word.text for word in shown] == text.split()
    starts = [word.start for word in shown]
    assert starts == sorted(starts)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Yes, there is free parking in front of the restaurant and a valet service in the evening."),
        ("ar", "نعم، نوصل إلى الزمالك والمعادي كل يوم حتى الساعة 11 مساء."),
    ],
)
async def test_no_word_of_a_real_voices_sentence_is_lost(language: str, sentence: str) -> None:
    voice = EspeakTts(EspeakConfig())
    parts = [part async for part in voice.speak(Saying(speakable(sentence, language), language, timed=True))]
    await voice.close()
    words = [word for part in parts for word in part.words]
    seconds = sum(part.pcm.seconds for part in parts)
    shown = worded(sentence, words, seconds)
    assert [word.text for word in shown] == sentence.split()
    assert all(later.start > word.start for word, later in pairwise(shown))
    assert 0.5 * seconds < shown[-1].start < seconds
