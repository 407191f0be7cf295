import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.arabic.smalltalk import Courtesy, take_apart


@pytest.mark.parametrize(
    ("text", "courtesy"),
    [
        ("السلام عليكم ورحمة الله وبركاته", Courtesy.PEACE),
        ("السَّلامُ عليكُم", Courtesy.PEACE),
        ("salam 3alaikom", Courtesy.PEACE),
        ("مرحبا", Courtesy.GREETING),
        ("هلا والله", Courtesy.GREETING),
        ("Hello there!", Courtesy.GREETING),
        ("صباح الخير", Courtesy.MORNING),
        ("good evening", Courtesy.EVENING),
        ("شكرا جزيلا", Courtesy.THANKS),
        ("يعطيك العافية", Courtesy.THANKS),
        ("thank you so much", Courtesy.THANKS),
        ("مع السلامة", Courtesy.GOODBYE),
        ("bye bye", Courtesy.GOODBYE),
        ("كيف حالكم", Courtesy.WELLBEING),
    ],
)
def test_courtesies_stand_alone(text: str, courtesy: Courtesy) -> None:
    remark = take_apart(text)
    assert remark.courtesies == (courtesy,)
    assert remark.questions == ()


def test_a_question_is_freed_of_its_greeting() -> None:
    remark = take_apart("السلام عليكم، متى تفتحون يوم الجمعة؟ شكرا")
    assert set(remark.courtesies) == {Courtesy.PEACE, Courtesy.THANKS}
    assert [" ".join(q.strip("، ").split()) for q in remark.questions] == ["متي تفتحون يوم الجمعه"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("هل عندكم توصيل؟ وكم سعر الكشري؟", 2),
        ("هل عندكم توصيل وكم سعر الكشري", 2),
        ("do you deliver and how much is the koshary", 2),
        ("بكام الكشري\nفين الفرع الجديد\nعندكم واي فاي", 3),
        ("سعر الكباب 3.5 كيلو", 1),
        ("لن أحضر اليوم وأريد إلغاء الحجز", 1),
        ("", 0),
        ("😀", 0),
    ],
)
def test_every_question_counts(text: str, count: int) -> None:
    assert len(take_apart(text).questions) == count


def test_words_that_contain_a_greeting_are_no_greeting() -> None:
    assert take_apart("the chilli is high").courtesies == ()
    assert take_apart("أهلاوي ولا زملكاوي").courtesies == ()


@given(st.text())
def test_any_text_can_be_taken_apart(text: str) -> None:
    assert all(question.strip() for question in take_apart(text).questions)
