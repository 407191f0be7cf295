"""Arabic that files garble, put right; every sentence here is written for these tests."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core_pipeline.knowledge.documents.mending.direction import reading_order
from core_pipeline.knowledge.documents.mending.evidence import backwards, leaning
from core_pipeline.knowledge.documents.mending.letters import plain_letters, tidy
from core_pipeline.knowledge.documents.mending.lines import furniture, is_page_number, joined, mend_lines
from tests.documents.bidi import shaped, visual
from tests.documents.files import LINES

ARABIC = st.sampled_from(["مطعم", "سعر", "التوصيل", "الجمعة", "مدينة", "في", "على", "مفتوح", "شاي", "أسبوع", "ثلاثاء"])
LATIN = st.sampled_from(["WhatsApp", "Visa", "Samsung", "A54", "iOS", "3D", "USB-C", "shop.example"])
NUMBER = st.sampled_from(["7", "25", "1,250.50", "٣٥", "12:30", "31/12/2026", "15%", "2024", "(40)", "٩٫٥"])


def test_there_are_a_hundred_lines_with_figures_and_foreign_words_among_them() -> None:
    assert len(set(LINES)) >= 100
    assert sum(any(sign.isdigit() for sign in line) for line in LINES) >= 50
    assert sum(any(sign.isascii() and sign.isalpha() for sign in line) for line in LINES) >= 25


@pytest.mark.parametrize("line", LINES)
def test_what_stands_in_visual_order_is_read_again(line: str) -> None:
    assert reading_order(list(visual(line)), rtl=True) == line


@pytest.mark.parametrize("garble", [visual, shaped, lambda line: visual(shaped(line))])
def test_a_garbled_text_becomes_what_it_was(garble: object) -> None:
    assert callable(garble)
    assert mend_lines([garble(line) for line in LINES]) == (list(LINES), True)


def test_a_sound_text_is_left_alone() -> None:
    assert mend_lines(LINES) == (list(LINES), False)
    english = ["Open daily, 9-17.", "Call +20 100 123 4567 (free)."]
    assert mend_lines(english) == (english, False)


def test_nearly_every_line_is_known_for_garbled_by_itself() -> None:
    mended = sum(mend_lines([visual(line)])[0] == [line] for line in LINES)
    assert mended >= 0.95 * len(LINES)
    assert sum(mend_lines([line]) == ([line], False) for line in LINES) == len(LINES)


@settings(deadline=None)
@given(st.lists(st.tuples(ARABIC, st.one_of(ARABIC, LATIN, NUMBER)), min_size=1, max_size=8))
def test_foreign_words_and_figures_between_arabic_words_keep_their_place(pairs: list[tuple[str, str]]) -> None:
    line = " ".join(word for pair in pairs for word in pair) + " نعم"
    assert reading_order(list(visual(line)), rtl=True) == line


@settings(deadline=None)
@given(st.text("ابتة (12.5-٣)[A b]ء%$/:", max_size=40), st.booleans())
def test_no_letter_is_lost_or_made(line: str, rtl: bool) -> None:
    pairs = str.maketrans(")]", "([")
    assert sorted(reading_order(list(line), rtl=rtl).translate(pairs)) == sorted(line.translate(pairs))


@settings(deadline=None)
@given(st.text(max_size=60))
def test_anything_can_be_mended(text: str) -> None:
    (mended,), _ = mend_lines([text])
    assert "\0" not in mended
    mended.encode("utf-8")


def test_lines_of_latin_text_keep_their_direction() -> None:
    line = "Call us at شارع النيل or visit Visa"
    assert reading_order(list(visual(line, rtl=False)), rtl=False) == line


def test_units_and_telephones_are_read_as_they_are_written() -> None:
    for line in ("سعة 500 MB فقط", "سعة 128GB فقط", "بطارية 5000 mAh قوية", "اتصل على 0100-123-4567 الآن"):
        shown = visual(line) if "-" not in line else "نآلا 0100-123-4567 ىلع لصتا"
        assert reading_order(list(shown), rtl=True) == line


def test_presentation_forms_and_debris() -> None:
    assert plain_letters("ﻣﺮﺣﺒﺎ ﻻ ﷲ ﷺ ﷼") == "مرحبا لا الله ﷺ ﷼"
    assert tidy("مـــرحـبا  \u064b بكم\u200f\u200b \x07") == "مرحبا بكم"
    assert tidy("مُرحَّب") == "مُرحَّب"


def test_evidence_weighs_both_ways() -> None:
    assert leaning("المدينة القديمة في الشرق") > 0 > leaning("المدينة القديمة في الشرق"[::-1])
    assert leaning(shaped("كتاب")) > 0 > leaning(shaped("كتاب")[::-1])
    assert not backwards(["hello world", "1234"])
    assert not backwards([])


def test_broken_words_are_joined() -> None:
    assert joined("المطـ", "ـعم مفتوح") == "المطعم مفتوح"
    assert joined("deliv-", "ery is free") == "delivery is free"
    assert joined("Wi-Fi is", "free") == "Wi-Fi is free"
    assert joined("من -", "إلى") == "من - إلى"


def test_furniture_is_what_most_pages_share() -> None:
    pages = [["شركة النور", f"نص {name}", "تابع", f"صفحة {number} من 9"] for number, name in enumerate("أبجدهوزحط", 1)]
    assert furniture(pages) == {"شركة النور", "تابع", "صفحة # من #"}
    assert furniture(pages[:2]) == frozenset()
    assert all(map(is_page_number, ("12", "- 3 -", "Page 4 of 10", "صفحة ٥ من ٩", "3/7")))
    assert not any(map(is_page_number, ("", "12 شارع النيل", "2026 report")))


def test_shuffled_words_still_say_how_they_are_stored() -> None:
    dice = random.Random(5)  # noqa: S311 - the same words every time
    words = " ".join(LINES).split()
    for _ in range(20):
        line = " ".join(dice.sample(words, 30))
        assert leaning(line) > 0 > leaning(line[::-1])
