from pathlib import Path

import pytest

from core_pipeline.contracts.engines import Ask, Cited, Llm, Passage, Piece
from core_pipeline.engines.llm.knowledge import SPEC, KnowledgeConfig
from core_pipeline.knowledge import ANSWERABLE
from tests.factories import bench

HOURS = Passage("1", "متى تفتحون؟", "نفتح كل يوم من الساعة 10 صباحا.", "ar", 0.9)
KOSHARY = Passage("2", "كم سعر الكشري؟", "الكشري بسعر 45 جنيه.", "ar", 0.8)
UNSURE = Passage("3", "هل يوجد موقف؟", "نعم.", "ar", 0.3)


async def opened(folder: Path, config: KnowledgeConfig) -> Llm:
    ready = bench(folder)
    async with ready.http:
        return await SPEC.open(config, ready)


@pytest.fixture
async def llm(tmp_path: Path) -> Llm:
    return await opened(tmp_path, KnowledgeConfig())


async def said(llm: Llm, question: str, *passages: Passage, language: str = "ar", **phrases: str) -> str:
    found = await pieces(llm, Ask(question, language, passages, phrases=phrases))
    return "".join(piece for piece in found if isinstance(piece, str))


async def pieces(llm: Llm, ask: Ask) -> list[Piece]:
    return [piece async for piece in llm.answer(ask)]


async def test_a_sure_passage_is_the_answer_word_for_word(llm: Llm) -> None:
    assert await said(llm, "متى تفتحون؟", HOURS, UNSURE) == HOURS.answer


async def test_each_answer_is_followed_by_the_passage_it_is_from(llm: Llm) -> None:
    ask = Ask("السلام عليكم، متى تفتحون؟ وكم سعر الكشري؟", "ar", (HOURS, KOSHARY, UNSURE))
    found = await pieces(llm, ask)
    greeting = "وعليكم السلام ورحمة الله وبركاته."
    assert found == [greeting, f" {HOURS.answer}", Cited(("1",)), f" {KOSHARY.answer}", Cited(("2",))]


async def test_what_is_not_known_cites_nothing(llm: Llm) -> None:
    assert await pieces(llm, Ask("هل عندكم مسبح؟", "ar", (UNSURE,), phrases={"unknown": "لا أعرف."})) == ["لا أعرف."]


async def test_of_a_long_passage_only_the_sentences_that_answer_are_said(llm: Llm) -> None:
    page = Passage(
        "9", "", "تأسس المطعم عام 1990. نفتح من العاشرة. طاهينا مشهور.", "ar", 0.9, "نفتح من العاشرة.", "دليل"
    )
    assert await pieces(llm, Ask("متى تفتحون؟", "ar", (page,))) == ["نفتح من العاشرة.", Cited(("9",))]


async def test_an_unsure_passage_is_never_said(llm: Llm) -> None:
    assert await said(llm, "هل عندكم مسبح؟", UNSURE, unknown="لا أعرف.") == "لا أعرف."
    assert await said(llm, "هل عندكم مسبح؟", unknown="لا أعرف.") == "لا أعرف."


async def test_without_own_phrases_it_still_admits_ignorance(llm: Llm) -> None:
    assert "عذرا" in await said(llm, "هل عندكم مسبح؟")
    assert "Sorry" in await said(llm, "do you have a pool?", language="en")


@pytest.mark.parametrize(
    ("question", "language", "expected"),
    [
        ("السلام عليكم", "ar", "وعليكم السلام ورحمة الله وبركاته. أهلا بكم في المطعم."),
        ("salam", "ar", "وعليكم السلام ورحمة الله وبركاته. أهلا بكم في المطعم."),
        ("مرحبا", "ar", "أهلا بكم في المطعم."),
        ("صباح الخير", "ar", "صباح النور. أهلا بكم في المطعم."),
        ("Hello!", "en", "أهلا بكم في المطعم."),
    ],
)
async def test_greetings_are_returned(llm: Llm, question: str, language: str, expected: str) -> None:
    assert await said(llm, question, language=language, greeting="أهلا بكم في المطعم.") == expected


async def test_ready_greetings_follow_the_language(llm: Llm) -> None:
    assert await said(llm, "hi", language="en") == "Welcome, how can I help you?"
    assert (await said(llm, "good morning", language="en")).startswith("Good morning.")
    assert await said(llm, "أهلا", language="ar") == "أهلا وسهلا بكم، كيف يمكنني مساعدتكم؟"


async def test_thanks_and_goodbye(llm: Llm) -> None:
    assert await said(llm, "شكرا جزيلا", thanks="العفو.") == "العفو."
    assert await said(llm, "شكرا، مع السلامة", thanks="العفو.", goodbye="إلى اللقاء.") == "إلى اللقاء."
    assert await said(llm, "thanks a lot", language="en") == "You are welcome, happy to help."


async def test_a_greeting_with_a_question_gets_both(llm: Llm) -> None:
    answer = await said(llm, "السلام عليكم، متى تفتحون؟ شكرا", HOURS, UNSURE, greeting="لا يقال")
    assert answer == f"وعليكم السلام ورحمة الله وبركاته. {HOURS.answer}"


async def test_greeting_back_can_be_switched_off(tmp_path: Path) -> None:
    llm = await opened(tmp_path, KnowledgeConfig(greet_back=False))
    assert await said(llm, "مرحبا متى تفتحون", HOURS) == HOURS.answer


async def test_two_questions_get_two_answers(llm: Llm) -> None:
    assert await said(llm, "متى تفتحون؟\nكم سعر الكشري؟", HOURS, KOSHARY, UNSURE) == f"{HOURS.answer} {KOSHARY.answer}"


async def test_what_is_not_known_is_admitted_beside_what_is(llm: Llm) -> None:
    answer = await said(llm, "متى تفتحون؟ وهل عندكم مسبح؟", HOURS, UNSURE, unknown="لا أعرف الباقي.")
    assert answer == f"{HOURS.answer} لا أعرف الباقي."


async def test_one_answer_to_two_questions_is_said_once(llm: Llm) -> None:
    assert await said(llm, "متى تفتحون؟ متى تغلقون؟", HOURS, HOURS) == HOURS.answer


@pytest.mark.parametrize("question", ["", "   ", "😀", "؟؟"])
async def test_an_empty_question_asks_to_repeat(llm: Llm, question: str) -> None:
    assert await said(llm, question, repeat="أعد من فضلك.") == "أعد من فضلك."
    assert "repeat" in await said(llm, question, language="en")


async def test_the_threshold_comes_from_the_configuration(tmp_path: Path) -> None:
    strict = await opened(tmp_path, KnowledgeConfig(threshold=0.95))
    assert await said(strict, "متى تفتحون؟", HOURS, unknown="لا أعرف.") == "لا أعرف."


async def test_it_holds_nothing_to_close(llm: Llm) -> None:
    await llm.close()
    assert await said(llm, "متى تفتحون؟", HOURS) == HOURS.answer


def test_the_default_threshold_is_the_one_the_search_is_calibrated_to() -> None:
    assert KnowledgeConfig().threshold == ANSWERABLE


def test_the_spec_says_what_it_is() -> None:
    assert (SPEC.kind, SPEC.name, SPEC.languages) == ("llm", "knowledge", frozenset({"ar", "en"}))
    assert set(SPEC.title) == {"ar", "en"}
