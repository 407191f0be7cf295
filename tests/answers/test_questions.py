"""Which questions may be answered from memory, and which count as the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core_pipeline.answers import Question, question_of
from core_pipeline.answers.likeness import likeness


def asked(
    heard: str, *, talking: bool = False, tenant: str = "t", language: str = "ar", now: str = "c"
) -> Question | None:
    return question_of(tenant, heard, language, now, talking=talking)


def key(heard: str, **more: str) -> str:
    question = asked(heard, **more)  # type: ignore[arg-type]  # no `talking` here
    assert question is not None
    return question.key


@pytest.mark.parametrize(
    "heard",
    [
        "متى تفتحون؟",
        "عندكم توصيل",
        "السلام عليكم، ما هي مواعيد العمل؟",
        "بكام الكشري",
        "كم سعر الكشري الكبير؟",
        "Do you accept cards?",
        "how can I book a table",
        "What's the phone number?",
        "هل تقبلون الدفع بالبطاقة؟ شكرا",
        "3andoko delivery?",
    ],
)
def test_what_anybody_may_ask(heard: str) -> None:
    assert asked(heard) is not None


@pytest.mark.parametrize(
    "heard",
    [
        *("", "؟", "😀", "نعم", "شكرا", "السلام عليكم", "delivery", "التوصيل؟"),
        *("كم السعر؟", "متى؟", "what is the price", "when and where"),  # of what?
        *("هل هو مفتوح", "is it open", "بكام دي", "do you have that in blue", "نفس السعر للكبير", "كمان عندكم عصير"),
        *("وماذا عن الجمعة", "what about friday lunch", "طيب والتوصيل بكام", "وكم سعر الكبير", "and the parking lot"),
        *("فين طلبي", "my order number 7", "انا اسمي احمد عندكم توصيل", "what is my name"),
        *("هل انتم مفتوحون الآن", "are you open today", "عندكم خصم بكرة", "is delivery still free"),
        "طويل " * 60,
    ],
)
def test_what_depends_on_the_customer_the_day_or_the_talk(heard: str) -> None:
    assert asked(heard) is None


@pytest.mark.parametrize(
    ("heard", "alone"), [("متى تفتحون", True), ("عندكم توصيل", False), ("do you have soup", False)]
)
def test_in_a_talk_a_question_must_say_more(heard: str, alone: bool) -> None:
    assert asked(heard) is not None
    assert (asked(heard, talking=True) is not None) is alone


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("متى تفتحون؟", "متى تفتحون"),
        ("متى تفتحون؟", "مَتَى  تفتحون!!"),
        ("هل عندكم إنترنت", "هل عندكم انترنت؟"),
        ("Do you accept cards?", "do you accept CARDS"),
        ("غرفة رقم ٥ بكام", "غرفة رقم 5 بكام"),
        ("صباح الخير، متى تفتحون", "صباح النور متى تفتحون"),
    ],
)
def test_spelling_makes_no_other_question(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("is the pool open", "is the pool not open"),
        ("هل الملعب مفتوح", "هل الملعب غير مفتوح"),
        ("طاولة 5 افراد", "طاولة 6 افراد"),
        ("وزن 1.5 كيلو رز", "وزن 15 كيلو رز"),
        ("from cairo to giza", "from giza to cairo"),
        ("do you have pizza 🍕", "do you have pizza 🍔"),
        ("price of 茶 tea", "price of 水 tea"),
        ("متى تفتحون", "السلام عليكم متى تفتحون"),
        ("خصم 5% للطلبة", "خصم 5 للطلبة"),
    ],
)
def test_other_words_make_another_question(one: str, other: str) -> None:
    assert key(one) != key(other)


def test_the_tenant_the_language_and_the_circumstances_are_part_of_it() -> None:
    keys = {key("متى تفتحون", **{name: value}) for name in ("tenant", "language", "now") for value in ("a", "b")}
    assert len(keys) == 6


@settings(deadline=None)
@given(st.text(max_size=120), st.booleans())
def test_any_text_is_a_question_or_none(text: str, talking: bool) -> None:
    question = asked(text, talking=talking)
    assert question is None or question.text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("متي تفتحون", "امتي بتفتحوا"),
        ("عندكم توصيل", "هل لديكم دليفري"),
        ("بكام الكشري", "كم سعر الكشري"),
        ("do you deliver to giza", "can you deliver to giza please"),
        ("اريد ان اعرف سعر الكشري", "ان سعر الكشري"),
    ],
)
def test_wording_makes_questions_more_or_less_alike(one: str, other: str) -> None:
    assert 0.5 <= likeness(one, other) < 1.0


NEAR_MISSES = [
    ("متي تفتحون", "متي تغلقون"),
    ("متي تفتحون", "اين تفتحون"),
    ("هل الملعب مفتوح", "هل الملعب غير مفتوح"),
    ("هل الملعب مفتوح", "هل الملعب مش مفتوح"),
    ("is the pool open", "is the pool not open"),
    ("is the pool open", "is the pool closed"),
    ("طاوله 5 افراد", "طاوله 6 افراد"),
    ("طاوله لخمسه اشخاص", "طاوله لخمسين شخص"),
    ("طاوله خمسه اشخاص", "طاوله سته اشخاص"),
    ("حجز طاوله لشخص", "حجز طاوله لشخصين"),
    ("حجز لشخص واحد", "حجز شخصين واحد"),
    ("توصيل الجيزه", "توصيل الجزيره"),
    ("delivery to cairo", "delivery to cario"),
    ("bus from cairo to giza", "bus from giza to cairo"),
    ("open before friday", "open after friday"),
    ("open on friday", "open on saturday"),
    ("burger with cheese", "burger without cheese"),
    ("price of small koshary", "price of large koshary"),
    ("عندكم خصم للطلبه", "عندكم خصم للمدرسين"),
    ("3andoko delivery", "3andoko delevery"),
    ("(peace) عندكم توصيل", "عندكم توصيل"),
    ("pizza 🍕", "pizza"),
]


@pytest.mark.parametrize(("one", "other"), NEAR_MISSES)
def test_content_never_yields_to_likeness(one: str, other: str) -> None:
    assert likeness(one, other) == likeness(other, one) == 0.0


SOME = "متي تفتحون مطعم سعر كشري 5 6 7 خمسه خمسين لا مش giza open not with"
WORDS = st.lists(st.sampled_from(SOME.split()), min_size=2)


@settings(deadline=None)
@given(WORDS, st.integers(0, 9), st.integers(0, 9), st.data())
def test_another_figure_is_another_question(said: list[str], one: int, other: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(said)))
    first, second = ([*said[:place], str(figure), *said[place:]] for figure in (one, other))
    assert (likeness(" ".join(first), " ".join(second)) > 0) == (one == other)


@settings(deadline=None)
@given(WORDS, WORDS)
def test_likeness_is_symmetric_and_bounded(one: list[str], other: list[str]) -> None:
    value = likeness(" ".join(one), " ".join(other))
    assert value == likeness(" ".join(other), " ".join(one))
    assert value == 0.0 or 0.5 <= value <= 1.0
