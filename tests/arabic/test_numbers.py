import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.arabic.money import CURRENCIES, currency, money
from core_pipeline.arabic.numbers import LARGEST, Case, Noun, cardinal, counted, decimal, digit_by_digit, ordinal
from core_pipeline.arabic.units import NOUNS

BOOK = Noun("كتاب", "كتابان", "كتب", "كتابا")
HOUR = NOUNS["ساعة"]


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (0, "صفر"),
        (2, "اثنان"),
        (11, "أحد عشر"),
        (12, "اثنا عشر"),
        (18, "ثمانية عشر"),
        (21, "واحد وعشرون"),
        (100, "مئة"),
        (200, "مئتان"),
        (345, "ثلاثمئة وخمسة وأربعون"),
        (1_000, "ألف"),
        (2_026, "ألفان وستة وعشرون"),
        (3_001, "ثلاثة آلاف وواحد"),
        (11_000, "أحد عشر ألفا"),
        (100_000, "مئة ألف"),
        (2_000_000, "مليونان"),
        (5_200_010, "خمسة ملايين ومئتا ألف وعشرة"),
        (LARGEST, "تسعمئة وتسعة وتسعون مليونا وتسعمئة وتسعة وتسعون ألفا وتسعمئة وتسعة وتسعون"),
    ],
)
def test_cardinals(n: int, words: str) -> None:
    assert cardinal(n) == words


@pytest.mark.parametrize(
    ("n", "masculine", "feminine"),
    [
        (0, "صفر كتاب", "صفر ساعة"),
        (1, "كتاب واحد", "ساعة واحدة"),
        (2, "كتابان", "ساعتان"),
        (3, "ثلاثة كتب", "ثلاث ساعات"),
        (8, "ثمانية كتب", "ثماني ساعات"),
        (10, "عشرة كتب", "عشر ساعات"),
        (11, "أحد عشر كتابا", "إحدى عشرة ساعة"),
        (12, "اثنا عشر كتابا", "اثنتا عشرة ساعة"),
        (15, "خمسة عشر كتابا", "خمس عشرة ساعة"),
        (21, "واحد وعشرون كتابا", "إحدى وعشرون ساعة"),
        (100, "مئة كتاب", "مئة ساعة"),
        (102, "مئة كتاب وكتابان", "مئة ساعة وساعتان"),
        (104, "مئة وأربعة كتب", "مئة وأربع ساعات"),
        (200, "مئتا كتاب", "مئتا ساعة"),
        (2_000, "ألفا كتاب", "ألفا ساعة"),
        (12_000, "اثنا عشر ألف كتاب", "اثنا عشر ألف ساعة"),
    ],
)
def test_number_and_noun_agree(n: int, masculine: str, feminine: str) -> None:
    assert counted(n, BOOK) == masculine
    assert counted(n, HOUR) == feminine


def test_the_oblique_case_changes_duals_and_tens() -> None:
    assert counted(2, HOUR, Case.OBLIQUE) == "ساعتين"
    assert counted(250, BOOK, Case.OBLIQUE) == "مئتين وخمسين كتابا"
    assert counted(200, BOOK, Case.OBLIQUE) == "مئتي كتاب"
    assert cardinal(12, case=Case.OBLIQUE) == "اثني عشر"


def test_ordinals_of_hours_and_days() -> None:
    assert ordinal(1, feminine=True) == "الأولى"
    assert ordinal(12, feminine=True) == "الثانية عشرة"
    assert ordinal(11) == "الحادي عشر"
    assert ordinal(21) == "الحادي والعشرين"
    assert ordinal(30) == "الثلاثين"


@given(st.integers(0, LARGEST), st.booleans(), st.sampled_from(Case))
def test_every_cardinal_is_words_only(n: int, feminine: bool, case: Case) -> None:
    words = cardinal(n, feminine=feminine, case=case)
    assert words
    assert not any(c.isdigit() for c in words)
    assert "  " not in words


@given(st.integers(0, 999_999), st.integers(0, 999_999))
def test_different_numbers_sound_different(one: int, other: int) -> None:
    assert (cardinal(one) == cardinal(other)) == (one == other)


@pytest.mark.parametrize("n", [-1, LARGEST + 1])
def test_numbers_out_of_range_are_refused(n: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        cardinal(n)
    with pytest.raises(ValueError, match="outside"):
        ordinal(n if n < 0 else 100)


def test_decimals_and_digits() -> None:
    assert decimal(3, "5") == "ثلاثة فاصلة خمسة"
    assert decimal(3, "05") == "ثلاثة فاصلة صفر خمسة"
    assert decimal(0, "25") == "صفر فاصلة خمسة وعشرون"
    assert digit_by_digit("0-12") == "صفر واحد اثنان"


@pytest.mark.parametrize(
    ("amount", "code", "words"),
    [
        ("1", "EGP", "جنيه واحد"),
        ("2", "EGP", "جنيهان"),
        ("150", "EGP", "مئة وخمسون جنيها"),
        ("7.5", "EGP", "سبعة جنيهات وخمسون قرشا"),
        ("3.05", "SAR", "ثلاثة ريالات سعودية وخمس هللات"),
        ("11", "AED", "أحد عشر درهما إماراتيا"),
        ("5.5", "KWD", "خمسة دنانير كويتية وخمسمئة فلس"),
        ("0.250", "BHD", "مئتان وخمسون فلسا"),
        ("2", "OMR", "ريالان عمانيان"),
        ("1.002", "OMR", "ريال عماني وبيستان"),
        ("4", "QAR", "أربعة ريالات قطرية"),
        ("20", "USD", "عشرون دولارا"),
        ("1,000.01", "USD", "ألف دولار وسنت واحد"),
        ("3", "EUR", "ثلاثة يورو"),
        ("0", "EGP", "صفر جنيه"),
        ("1.333", "EGP", "واحد فاصلة ثلاثة ثلاثة ثلاثة جنيه"),
    ],
)
def test_money_has_its_own_subunits(amount: str, code: str, words: str) -> None:
    assert money(amount, CURRENCIES[code]) == words


def test_amounts_too_large_to_say_are_left_to_the_caller() -> None:
    assert money("1000000000", CURRENCIES["EGP"]) is None
    assert money("a lot", CURRENCIES["EGP"]) is None


@pytest.mark.parametrize(
    ("name", "unit"),
    [("د.ك", "دينار كويتي"), ("$", "دولار"), ("ريال قطري", "ريال قطري"), ("ريالا", "ريال"), ("egp", "جنيه")],
)
def test_currencies_by_every_name(name: str, unit: str) -> None:
    found = currency(name)
    assert found is not None
    assert found.unit.one == unit


def test_what_is_no_currency_is_none() -> None:
    assert currency("كتاب") is None
