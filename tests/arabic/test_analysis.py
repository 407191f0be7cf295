import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.arabic import lexicon
from core_pipeline.arabic.analysis import grams, is_cue, stem, terms
from core_pipeline.arabic.arabizi import arabic_words, is_arabizi, skeleton
from core_pipeline.arabic.normalise import normalise


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("بكام الكباب", "كم سعر كباب"),
        ("فين العنوان", "أين عنوانكم"),
        ("عايز أحجز ترابيزة", "أريد حجز طاولة"),
        ("عندكم دليفري", "هل يوجد توصيل"),
        ("how much is parking", "what does the car park cost"),
        ("الطاولات", "طاولة"),
    ],
)
def test_different_words_for_one_meaning_give_one_set_of_terms(one: str, other: str) -> None:
    assert set(terms(one)) <= set(terms(other))


def test_stop_words_say_nothing() -> None:
    assert terms("لو سمحت هل يمكن أن") == []
    assert terms("can you please tell me") == []


def test_a_stem_keeps_three_letters_and_the_head_of_the_word() -> None:
    assert stem("الكنافه") == stem("كنافه")
    assert stem("والمطاعم") == "مطاعم"
    assert stem("وجبات") == "وجب"
    assert stem("deliveries") == "delivery"
    assert stem("5") == "5"


def test_question_words_are_weak_evidence() -> None:
    assert is_cue(terms("بكام")[0])
    assert not is_cue(terms("كباب")[0])


def test_grams_mark_the_edges_of_a_word() -> None:
    assert grams("فرع") == ("_فر", "فرع", "رع_", "_فرع", "فرع_")


@pytest.mark.parametrize("verb", ["نحجز", "بتحجزوا", "هحجزلكم", "كنحجز", "تحجزون", "حجزتكم", "حجزها"])
def test_a_verb_of_the_lexicon_is_known_in_every_person(verb: str) -> None:
    assert terms(verb) == terms("حجز")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("فتح", "غلق"),
        ("الغاء", "تاكيد"),
        ("شباب", "شبابيك"),
        ("جامعة", "مسجد"),
        ("بسكر", "يسكر"),
        ("بغير", "نغير"),
        ("مناسب", "مناسبة"),
        ("سعرات", "سعر"),
        ("start", "end"),
        ("refund", "exchange"),
    ],
)
def test_words_that_only_look_alike_or_mean_the_opposite_stay_apart(one: str, other: str) -> None:
    assert terms(one) != terms(other)


def test_a_word_stands_in_one_group_and_groups_stay_apart() -> None:
    listed = tomllib.loads(Path(lexicon.__file__).with_name("lexicon.toml").read_text(encoding="utf-8"))["same"]
    groups = [set(normalise(f"{head} {forms}").split()) for head, forms in listed.items()]
    assert sum(map(len, groups)) == len(set().union(*groups))
    assert len({stem(normalise(head)) for head in listed}) == len(listed)


@pytest.mark.parametrize(
    ("arabizi", "arabic"),
    [("mashwyat", "مشويات"), ("7agz", "حجز"), ("samak", "سمك"), ("el koshary", "الكشري"), ("gambary", "جمبري")],
)
def test_arabizi_and_arabic_share_their_consonants(arabizi: str, arabic: str) -> None:
    assert skeleton(arabic_words(arabizi)[0]) == skeleton(arabic)


@pytest.mark.parametrize("text", ["3ayez a7gez tarabeza", "salam", "bekam el koshary", "7abibi", "ezayak 3amel eh"])
def test_arabizi_is_known(text: str) -> None:
    assert is_arabizi(text)


@pytest.mark.parametrize(
    "text", ["do you open at 3pm", "on 2nd street, room a5", "I like this place", "5km away", "عندكم b2b", ""]
)
def test_english_with_figures_is_not_arabizi(text: str) -> None:
    assert not is_arabizi(text)


@given(st.text())
def test_analysis_never_fails_and_gives_plain_terms(text: str) -> None:
    assert all(term and not term.isspace() for term in terms(text))
    assert all(arabic_words(text)) or not arabic_words(text)
