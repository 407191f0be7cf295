import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.arabic.sentences import Sentences


def cut(text: str, size: int = 1, **bounds: int) -> list[str]:
    sentences = Sentences(**bounds)
    found = [one for start in range(0, len(text), size) for one in sentences.feed(text[start : start + size])]
    return found + sentences.flush()


def bare(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("نفتح الساعة العاشرة. هل نحجز لكم طاولة؟ نعم بالطبع!", 3),
        ("We open at ten o'clock. Shall we book a table? Yes of course!", 3),
        ("السعر 3.5 دينار كويتي فقط لا غير", 1),
        ("The price is 3.5 dinars and 1,250.75 pounds.", 1),
        ("نفتح من 10:30 إلى 11.30 مساء كل يوم", 1),
        ("Ask for Dr. Mona or Mr. Adel at the desk.", 1),
        ("اسأل عن د. منى أو أ. عادل في الاستقبال.", 1),
        ("We open at 10 a.m. every day of the week.", 1),
        ("السعر 45 ج.م. شاملا الضريبة والخدمة.", 1),
        ("Write to www.example.com/menu or a.b@example.com today.", 1),
        ("He said “we are open today.” Then he left the place.", 2),
        ("انتظر من فضلك... سأبحث لك عن الطلب الآن…", 2),
        ("الفرع الأول في المعادي\nالفرع الثاني في الزمالك", 2),
        ("1. Open the door slowly. 2. Come in and sit down.", 2),
        ("نعم. نوصل إلى المعادي كل يوم.", 1),
        ("التوصيل مجاني؛ أقل طلب مئة جنيه.", 2),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_sentences_end_where_they_end(text: str, expected: int, size: int) -> None:
    assert len(cut(text, size)) == expected, cut(text, size)


def test_a_sentence_is_given_before_the_next_is_written() -> None:
    sentences = Sentences()
    assert sentences.feed("نفتح الساعة العاشرة.") == []
    assert sentences.feed(" ن") == ["نفتح الساعة العاشرة."]
    assert sentences.waiting == "ن"


def test_what_has_no_end_is_cut_at_a_comma_else_at_a_space() -> None:
    commas = "one two three four five, " * 20
    assert all(piece.endswith(",") and len(piece) <= 220 for piece in cut(commas, 7))
    spaces = cut("كلمة " * 200, 7)
    assert all(110 <= len(piece) <= 220 for piece in spaces[:-1])
    assert {word for piece in spaces for word in piece.split()} == {"كلمة"}
    assert [len(piece) for piece in cut("x" * 500)] == [220, 220, 60]


def test_nothing_is_no_sentence() -> None:
    assert cut("") == cut(" \n\t ") == []


WILD = st.text(alphabet=st.sampled_from('اب جد،.؟!…؛;:, \n"”)1٢aZ.') | st.characters(), max_size=700)


@given(WILD, st.integers(1, 50))
def test_nothing_is_lost_or_added(text: str, size: int) -> None:
    assert bare("".join(cut(text, size))) == bare(text)


@given(WILD, st.integers(1, 50))
def test_sentences_are_stripped_and_of_bounded_length(text: str, size: int) -> None:
    for sentence in cut(text, size):
        assert sentence == sentence.strip()
        assert 1 <= len(sentence) <= 220


@given(st.lists(st.sampled_from(["نفتح الساعة العاشرة.", "هل تريد الحجز؟", "We are open now!"]), max_size=6))
def test_plain_sentences_come_back_as_they_were(said: list[str]) -> None:
    assert cut(" ".join(said), 2) == said
