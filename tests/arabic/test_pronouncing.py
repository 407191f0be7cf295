"""A business's own words: found whole, however they are written, and spoken as it wants."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.arabic.pronouncing import AS_WRITTEN, Pronouncing, alike
from core_pipeline.arabic.speakable import speakable

WORDS = Pronouncing(
    (
        ("سلمى", "سَلْمَى"),
        ("نور", "نُورْ"),
        ("كافيه نور", "كافِيه نُور"),
        ("المنصورة", "المَنْصُورَة"),
        ("أرامكو", "أَرامْكو"),
        ("الكيان", "الكِيَان"),
        ("KFC", "كي إف سي"),
        ("7UP", "سِفِن أَب"),
        ("AT&T", "إيه تي آند تي"),
        ("دو", "دُو"),
    )
)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("عند سلمى.", "عند سَلْمَى."),
        ("سلمي وسَلمى ولسلمى وبسلمى", "سَلْمَى وسَلْمَى ولسَلْمَى وبسَلْمَى"),
        ("والسلمى وللسلمى", "والسَلْمَى وللسَلْمَى"),
        ("مسلمى سلمىات", "مسلمى سلمىات"),
        ("كافيه  نور ونور", "كافِيه نُور ونُورْ"),
        ("المنصوره للمنصورة وبالمنصورة", "المَنْصُورَة للمَنْصُورَة وبالمَنْصُورَة"),
        ("ارامكو آرامكو وأرامكو", "أَرامْكو أَرامْكو وأَرامْكو"),
        ("للكيان والكيان", "للكِيَان والكِيَان"),
        ("KFC و kfc وبـKFC", "كي إف سي و كي إف سي وبكي إف سي"),
        ("7up", "سِفِن أَب"),
        ("AT&T", "إيه تي آند تي"),
        ("دو ودو الدو", "دُو ودو الدُو"),
    ],
)
def test_words_are_found_whole_however_they_are_written(written: str, spoken: str) -> None:
    assert WORDS.said(written) == spoken


def test_figures_and_markup_are_spoken_as_ever_around_them() -> None:
    text = "**7UP** بسعر 20 جنيه عند سلمى، https://salma.example"
    said = speakable(text, "ar", WORDS)
    assert said == "سِفِن أَب بسعر عشرين جنيها عند سَلْمَى، الرابط مرسل كتابة"
    assert speakable(text, "ar").startswith("سبعة")


def test_english_words_keep_what_is_written_onto_them() -> None:
    own = Pronouncing((("Qasr", "kasser"), ("Nile", "nyle")))
    assert (
        speakable("Qasr's tables by the Nile, not the Niles.", "en", own)
        == "kasser's tables by the nyle, not the Niles."
    )


def test_what_is_spoken_is_not_looked_up_again() -> None:
    assert Pronouncing((("نور", "سلمى"), ("سلمى", "نور"))).said("نور وسلمى") == "سلمى ونور"


def test_signs_of_patterns_are_only_signs() -> None:
    own = Pronouncing((("C++", "سي بلس بلس"), ("a.b", "x"), ("(", "y"), ("\\1", "z")))
    assert own.said("C++ و acb و \\1") == "سي بلس بلس و acb و z"


def test_the_digest_tells_dictionaries_apart_and_not_their_order() -> None:
    assert AS_WRITTEN.digest == ""
    assert Pronouncing((("ا", "ب"), ("ج", "د"))).digest == Pronouncing((("ج", "د"), ("ا", "ب"))).digest
    assert Pronouncing((("ا", "ب"),)).digest != Pronouncing((("ا", "ج"),)).digest


def test_ways_of_writing_a_word_are_alike() -> None:
    assert alike("قَهوَة") == alike("قهوه") == alike("  قهـوة ")
    assert alike("KFC") == alike("kfc") != alike("KFO")


@given(
    st.lists(st.tuples(st.text(min_size=1, max_size=12), st.text(min_size=1, max_size=12)), max_size=6),
    st.text(max_size=80),
)
def test_any_words_do_in_any_text(pairs: list[tuple[str, str]], text: str) -> None:
    own = Pronouncing(tuple(pairs))
    assert isinstance(own.said(text), str)
    assert isinstance(speakable(text, "ar", own), str)


@given(st.text(alphabet="ابتسلمنور وف", min_size=1, max_size=40))
def test_text_without_the_words_stays_as_it_is(text: str) -> None:
    assert Pronouncing((("كشري", "كُشَرِي"),)).said(text) == text
