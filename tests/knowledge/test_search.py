import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.knowledge import ANSWERABLE, Entry, Index

ENTRIES = [
    Entry("1", "ما هي ساعات العمل؟", "نفتح كل يوم.", "ar", ("متى تفتحون؟",), "hours"),
    Entry("2", "What are your opening hours?", "We are open every day.", "en", ("When do you open?",), "hours"),
    Entry("3", "هل يوجد توصيل؟", "نعم نوصل إلى المعادي.", "ar", ("عندكم دليفري؟",), "delivery"),
    Entry("4", "Do you deliver?", "Yes, we deliver to Maadi.", "en", (), "delivery"),
    Entry("5", "كم سعر الكشري؟", "الكشري بسعر 45 جنيه.", "ar"),
    Entry("6", "هل عندكم موقف سيارات؟", "نعم أمام الباب.", "ar", ("فين أركن العربية؟",)),
]


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(ENTRIES)


def ids(index: Index, text: str, language: str | None = None) -> list[str]:
    return [passage.id for passage in index.search(text, language)]


def test_the_best_passage_comes_first_and_is_sure(index: Index) -> None:
    best = index.search("بكام الكشري لو سمحت")[0]
    assert (best.id, best.answer) == ("5", "الكشري بسعر 45 جنيه.")
    assert ANSWERABLE <= best.score <= 1


def test_the_customers_language_is_preferred(index: Index) -> None:
    assert ids(index, "When do you open?", "ar")[0] == "1"
    assert ids(index, "متى تفتحون", "en")[0] == "2"
    assert ids(index, "When do you open?")[0] == "2"
    assert ids(index, "how much is الكشري", "en")[0] == "5"


def test_a_fact_is_found_once(index: Index) -> None:
    found = ids(index, "متى تفتحون open hours", "ar")
    assert len({"1", "2"} & set(found)) == 1


def test_spelling_and_dialect_do_not_matter(index: Index) -> None:
    for text in ("هل يوجد توصييل", "عندكو دليفرى", "التَّوصيلُ", "fi tawseel"):
        assert ids(index, text)[0] == "3", text


def test_a_question_about_something_else_is_not_answerable(index: Index) -> None:
    for text in ("هل تبيعون الأثاث؟", "كم سعر الذهب اليوم", "what is the capital of france"):
        assert all(passage.score < ANSWERABLE for passage in index.search(text)), text


def test_courtesies_do_not_dilute_a_question(index: Index) -> None:
    plain = index.search("كم سعر الكشري")[0]
    polite = index.search("السلام عليكم ورحمة الله، صباح الخير، كم سعر الكشري؟ شكرا جزيلا")[0]
    assert polite.score == pytest.approx(plain.score)


def test_two_questions_get_their_best_passages_in_order(index: Index) -> None:
    found = index.search("كم سعر الكشري؟ وهل يوجد توصيل؟ متى تفتحون؟", "ar")
    assert [passage.id for passage in found[:3]] == ["5", "3", "1"]
    assert all(passage.score >= ANSWERABLE for passage in found[:3])
    assert all(passage.score < ANSWERABLE for passage in found[3:])


def test_one_passage_may_answer_two_questions(index: Index) -> None:
    assert ids(index, "متى تفتحون؟ ما هي ساعات العمل؟")[:2] == ["1", "1"]


@pytest.mark.parametrize(
    "text", ["", "   ", "😀", "شكرا", "السلام عليكم", '" OR 1=1 --', "NEAR(a b)", "*", "-", "؟" * 500]
)
def test_nothing_to_search_for_finds_nothing(index: Index, text: str) -> None:
    assert all(passage.score < ANSWERABLE for passage in index.search(text))


def test_limit_is_kept(index: Index) -> None:
    assert len(index.search("هل يوجد توصيل أو موقف أو كشري", limit=2)) <= 2


def test_an_empty_index_finds_nothing() -> None:
    assert Index([]).search("متى تفتحون؟") == []


@given(st.text())
def test_any_text_may_be_searched(text: str) -> None:
    found = SHARED.search(text, "ar")
    assert all(0 <= passage.score <= 1 for passage in found)


SHARED = Index(ENTRIES)


async def test_threads_may_search_at_once(index: Index) -> None:
    questions = ["كم سعر الكشري", "هل يوجد توصيل", "متى تفتحون"] * 20
    found = await asyncio.gather(*(asyncio.to_thread(index.search, question) for question in questions))
    assert [passages[0].id for passages in found] == ["5", "3", "1"] * 20


def test_a_thousand_entries_are_indexed_quickly() -> None:
    words = [f"{a}{b}{c}" for a in "بتجحدرس" for b in "صطعفقك" for c in "لمنهوي"]
    many = [
        Entry(str(i), " ".join(words[(i * k) % len(words)] for k in range(1, 7)), words[i % len(words)], "ar")
        for i in range(1000)
    ]
    start = time.perf_counter()
    Index(many)
    assert time.perf_counter() - start < 2, "a generous bound for a busy machine; bench/answers.py measures"
