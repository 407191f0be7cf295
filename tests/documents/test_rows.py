"""Tables of questions and of prices, known by the names of their columns in both languages."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core_pipeline.knowledge.documents.blocks import Table
from core_pipeline.knowledge.documents.columns import column
from core_pipeline.knowledge.documents.prices import Price, currency_of, price_of
from core_pipeline.knowledge.documents.rows import Answered, Ledger, Offer


@pytest.mark.parametrize(
    ("header", "role", "language", "currency"),
    [
        ("السؤال", "question", "", ""), ("Question (EN)", "question", "en", ""), ("أسئلة", "question", "", ""),
        ("الإجابة بالعربي", "answer", "ar", ""), ("answer_ar", "answer", "ar", ""), ("الرد", "answer", "", ""),
        ("Q", "question", "", ""), ("اسم المنتج", "name", "", ""), ("Product name", "name", "", ""),
        ("الصنف", "name", "", ""), ("الاسم بالإنجليزية", "name", "en", ""), ("Unit price", "price", "", ""),
        ("السعر (جنيه)", "price", "", "EGP"), ("السعر بالجنيه المصري", "price", "", "EGP"),
        ("Price (SAR)", "price", "", "SAR"),
        ("السعر بالريال", "price", "", "ريال"), ("In stock", "available", "", ""), ("متوفر؟", "available", "", ""),
        ("العملة", "currency", "", ""), ("الوصف", "description", "", ""), ("الكود", "key", "", ""),
        ("رقم الهاتف", "", "", ""), ("العنوان", "", "", ""), ("", "", "", ""), ("Price and name", "", "", ""),
    ],
)  # fmt: skip
def test_headers(header: str, role: str, language: str, currency: str) -> None:
    found = column(header)
    assert (found.role, found.language, found.currency) == (role, language, currency)


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("25", "25", ""), ("٢٥ جنيه", "25", "EGP"), ("EGP 1,250.50", "1250.50", "EGP"),
        ("١٬٢٥٠٫٥ ج.م", "1250.5", "EGP"),
        ("25 LE", "25", "EGP"), ("$9.99", "9.99", "USD"), ("9,5 €", "9.5", "EUR"), ("100 ريال سعودي", "100", "SAR"),
        ("٣٠ ر.س", "30", "SAR"), ("2.5KD", "2.5", "KWD"), ("15/-", "15", ""), ("مجانًا", "0", ""), ("Free", "0", ""),
        ("1 250", "1250", ""), ("٤٥ درهمًا", "45", "درهم"), ("12.750 د.ك", "12.750", "KWD"),
    ],
)  # fmt: skip
def test_prices(text: str, amount: str, currency: str) -> None:
    assert price_of(text) == Price(Decimal(amount), currency)


@pytest.mark.parametrize(
    "text", ["", "25-30", "من 20", "20 EGP / kg", "حسب الطلب", "10 or 20", "-5", "call", "20 EGP SAR"]
)
def test_what_is_no_single_price_is_none(text: str) -> None:
    assert price_of(text) is None
    assert currency_of(text) == ""


@settings(deadline=None)
@given(st.decimals(0, 999_999, places=2, allow_nan=False), st.sampled_from(["{} جنيه", "EGP {}", "{}", "{} ر.س."]))
def test_any_amount_in_any_digits(amount: Decimal, pattern: str) -> None:
    arabic = f"{amount:,}".translate(str.maketrans("0123456789,.", "٠١٢٣٤٥٦٧٨٩٬٫"))
    for written in (f"{amount:,}", f"{amount}", arabic):
        found = price_of(pattern.format(written))
        assert found is not None
        assert found.amount == amount


def _take(*rows: tuple[str, ...]) -> Ledger:
    ledger = Ledger("doc")
    assert ledger.take(Table(rows, headed=True))
    return ledger


def test_questions_in_two_languages_are_one_fact() -> None:
    found = _take(
        ("السؤال", "Question", "الإجابة", "Answer", "صيغ أخرى"),
        ("متى تفتحون؟", "When do you open?", "في التاسعة.", "At nine.", "مواعيدكم؟ | ساعات العمل؟"),
        ("أين أنتم؟", "", "في القاهرة.", "", ""),
        ("بلا جواب", "", "", "", ""),
    ).answered
    assert [(each.language, each.question, each.answer, each.alternatives) for each in found] == [
        ("ar", "متى تفتحون؟", "في التاسعة.", ("مواعيدكم؟", "ساعات العمل؟")),
        ("en", "When do you open?", "At nine.", ()),
        ("ar", "أين أنتم؟", "في القاهرة.", ()),
    ]
    assert found[0].fact == found[1].fact != found[2].fact


def test_rows_that_name_key_and_language_are_versions_of_one_fact() -> None:
    found = _take(
        ("id", "language", "question", "answer"),
        ("1", "ar", "متى؟", "الآن"),
        ("1", "en", "When?", "Now"),
        ("2", "en", "?", "!"),
    ).answered
    assert [each.language for each in found] == ["ar", "en", "en"]
    assert found[0].fact == found[1].fact != found[2].fact


def test_the_same_question_twice_stays_two_facts_and_the_same_again_every_time() -> None:
    rows = (("سؤال", "جواب"), ("متى؟", "الآن"), ("متى؟", "غدا"))
    one, other = _take(*rows).answered, _take(*rows).answered
    assert one == other
    assert len({each.fact for each in one}) == 2


def test_products_in_two_languages_with_what_else_is_known() -> None:
    found = _take(
        ("الصنف", "Name", "السعر", "العملة", "الحجم", "متوفر"),
        ("كشري", "Koshary", "٢٥", "جنيه", "كبير", "نعم"),
        ("كفتة", "", "90-120", "", "", "لا"),
        ("", "", "5", "", "", ""),
    ).offers
    assert found[0] == Offer(found[0].fact, "ar", "كشري", "الحجم: كبير", "25", "EGP", available=True)
    assert found[1] == Offer(found[0].fact, "en", "Koshary", "الحجم: كبير", "25", "EGP", available=True)
    assert found[2] == Offer(found[2].fact, "ar", "كفتة", "السعر: 90-120", None, "", available=False)
    assert len(found) == 3


def test_the_currency_of_the_header_counts_where_the_cell_names_none() -> None:
    found = _take(("Product", "Price (EGP)", "Details"), ("Tea", "10", "hot"), ("Cake", "$3", "")).offers
    assert [(each.price, each.currency, each.description) for each in found] == [("10", "EGP", "hot"), ("3", "USD", "")]


@pytest.mark.parametrize(
    "rows",
    [
        (("الفرع", "العنوان"), ("الأول", "شارع النيل")),
        (("الصنف", "سعر الصغير", "سعر الكبير"), ("بيتزا", "80", "120")),
        (("question", "notes"), ("a", "b")),
        (("السعر",), ("5",)),
        (("name", "price"),),
    ],
)
def test_other_tables_stay_text(rows: tuple[tuple[str, ...], ...]) -> None:
    ledger = Ledger("doc")
    assert not ledger.take(Table(rows, headed=True))
    assert ledger.answered == []
    assert ledger.offers == []


CELL = st.text(max_size=20)


@settings(deadline=None)
@given(st.lists(st.lists(CELL, min_size=1, max_size=6).map(tuple), min_size=1, max_size=6))
def test_any_table_is_taken_or_left(rows: list[tuple[str, ...]]) -> None:
    for headed in (("السؤال", "الإجابة"), ("name", "price", "currency"), ()):
        ledger = Ledger("doc")
        ledger.take(Table((headed, *rows), headed=True) if headed else Table(tuple(rows), headed=True))
        kept: list[Answered | Offer] = [*ledger.answered, *ledger.offers]
        assert len({(each.fact, each.language) for each in kept}) == len(kept)
