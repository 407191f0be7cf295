"""What a tashkeel network leaves wrong is put right, and what the author wrote is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.arabic.vocalise import SHADDA, is_vocalised, shadda_first, speakable, strip_tashkeel

FATHA, DAMMA, KASRA = "\u064e", "\u064f", "\u0650"
WORDS = st.lists(
    st.text("ابتسشلمنوهية" + FATHA + DAMMA + KASRA + SHADDA, min_size=1, max_size=9), min_size=1, max_size=6
)


def spoken(written: str, vocalised: str) -> str:
    return " ".join(speakable(written.split(), vocalised.split()))


def test_shadda_comes_before_its_vowel() -> None:
    assert shadda_first(f"م{FATHA}{SHADDA}د") == f"م{SHADDA}{FATHA}د"
    assert shadda_first(f"م{SHADDA}{FATHA}د") == f"م{SHADDA}{FATHA}د"


@pytest.mark.parametrize(
    ("vocalised", "expected"),
    [
        (f"الش{SHADDA}{FATHA}مس", f"الش{FATHA}مس"),
        (f"الش{FATHA}{SHADDA}مس", f"الش{FATHA}مس"),
        (f"و{FATHA}الن{SHADDA}{FATHA}هار", f"والن{FATHA}هار"),
        (f"ب{KASRA}الل{SHADDA}{FATHA}يل", f"بالل{FATHA}يل"),
        (f"محم{SHADDA}{FATHA}د", f"محم{SHADDA}{FATHA}د"),
        (f"القم{SHADDA}{FATHA}ة كبيرة", f"القم{SHADDA}{FATHA}ة كبيرة"),
    ],
)
def test_a_sun_letter_after_the_article_takes_no_shadda(vocalised: str, expected: str) -> None:
    assert spoken(strip_tashkeel(vocalised), vocalised) == expected


@pytest.mark.parametrize(
    ("vocalised", "expected"),
    [
        ("مَطْعَمُ الْجُمُعَةِ", "مَطْعَمُ الْجُمُعَ"),
        ("مَدْرَسَةٌ", "مَدْرَسَ"),
        ("مَدْرَسَةً", "مَدْرَسَ"),
        ("الْعَمَلِ، الْيَوْمَ", "الْعَمَل، الْيَوْم"),
        ("شُكْرًا", "شُكْرًا"),
        ("هُوَ", "هُوَ"),
        ("كِتَابٌ جَدِيدٌ", "كِتَابٌ جَدِيد"),
    ],
)
def test_a_phrase_ends_in_its_pausal_form(vocalised: str, expected: str) -> None:
    assert spoken(strip_tashkeel(vocalised), vocalised) == expected


def test_the_authors_own_vowels_stay() -> None:
    assert spoken("ذهب كَتَبَ", "ذَهَبَ كُتِبَ") == "ذَهَبَ كَتَبَ"


def test_latin_words_and_digits_stay() -> None:
    assert spoken("iPhone 15 !", "iPhone 15 !") == "iPhone 15 !"


def test_words_that_do_not_pair_up_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        speakable(["واحد"], [])


@given(WORDS)
def test_no_letter_is_changed_but_the_last_silent_one(words: list[str]) -> None:
    given_words = [strip_tashkeel(word) or "ا" for word in words]
    vocalised = [word if strip_tashkeel(word) else "ا" for word in words]
    result = speakable(given_words, vocalised)
    assert [strip_tashkeel(word) for word in result[:-1]] == given_words[:-1]
    assert strip_tashkeel(result[-1]) in {given_words[-1], given_words[-1].removesuffix("ة")}


@given(st.lists(st.text(max_size=12), max_size=6))
def test_any_text_at_all_is_survived(words: list[str]) -> None:
    assert len(speakable(words, words)) == len(words)


@given(st.text())
def test_stripping_leaves_no_mark(text: str) -> None:
    assert not is_vocalised(strip_tashkeel(text))
