"""Only a clear yes makes something happen."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core_pipeline.arabic.consent import consent


def words(text: str) -> list[str]:
    return text.replace("\n", "").split("|")


YES = words("""
نعم|نعم.|نَعَم|أيوه|ايوة يا باشا|أيوا تمام|اه تمام|أكيد|طبعًا|طبعا يا فندم|تمام|تماااام|ماشي|
اوكي|أوكيه شكرا|موافق|نعم من فضلك|نعم لو سمحت|إي نعم|بلى|حسنًا|ابشر|نفّذ|لا مانع|ما عندي مانع|
مفيش مانع|yes|Yes please|YES!|yeah sure|ok|okkk|OK 👍|👍|👍🏽|✅|sure, go ahead|go ahead|do it|
of course|yep|That's right|aywa|aywa tamam|na3am|tamam|mashi|akeed|tab3an|نعممم|ايوااا|
yesss please|بالتأكيد|yes yes|نعم نعم
""")
NO = words("""
لا|لأ|لا شكرا|لا، شكرًا|كلا|بلاش|لا لا|مش موافق|لا أوافق|لا أريد|ما ابغى|ما أبي|مش عايز|
مش دلوقتي|no|No thanks|nope|no no|don't|do not|not now|👎|❌|la2|la2 shokran|mesh 3ayez|
I don't want|لاااا|no, thank you|not sure|not yet
""")
NEITHER = words("""
|؟|نعم؟|تمام؟|أكيد؟|yes?|ok?|نعم بس الساعة ثمانية|نعم لكن غدا|yes but at 8|yes, 5 people|
نعم ٥ اشخاص|لا، خمسة اشخاص|no, make it 8|yes and no|نعم ولا لا|نعم لا|متى تفتحون|
what time is it|كم السعر|طيب|اه|ايه|خلاص|ah|hmm|thanks|شكرا|ممكن|maybe|not yes|مش تمام|why not|
ok wait|نعم انتظر|yes if it is free|نعم اذا كان مجانا|لا ادري|i don't know|yesterday|nobody|
التمام|yes after lunch|نعم بدون سكر|طبعا لا يوجد سبب|الله اعلم|tell me more|no problem|
ok what is it|yes the other one|نعم الثانية|تمام كم السعر|أيوه عايز أعرف المواعيد|ok cancel
""")


@pytest.mark.parametrize("answer", YES)
def test_a_clear_yes(answer: str) -> None:
    assert consent(answer) == "yes"


@pytest.mark.parametrize("answer", NO)
def test_a_clear_no(answer: str) -> None:
    assert consent(answer) == "no"


@pytest.mark.parametrize("answer", NEITHER)
def test_neither(answer: str) -> None:
    assert consent(answer) is None


@pytest.mark.parametrize(
    ("question", "answer", "verdict"),
    [
        ("هل أحجز طاولة (العدد: 4)؟ أجب بنعم أو لا", "نعم احجز الطاولة", "yes"),
        ("هل أحجز طاولة (العدد: 4)؟ أجب بنعم أو لا", "نعم احجز الطاولة 5", None),
        ("هل أحجز طاولة (العدد: 4)؟ أجب بنعم أو لا", "نعم 4", None),
        ("هل أحجز طاولة (العدد: 4)؟ أجب بنعم أو لا", "احجز الطاولة", None),
        ("هل أحجز طاولة (العدد: 4)؟ أجب بنعم أو لا", "لا تحجز طاولة", None),
        ("Shall I cancel the order? Please answer yes or no.", "cancel the order", None),
        ("Shall I cancel the order? Please answer yes or no.", "yes cancel the order", "yes"),
        ("Shall I cancel the order? Please answer yes or no.", "no, cancel the order", "no"),
        ("Shall I cancel the order? Please answer yes or no.", "yes or no", None),
        ("Shall I cancel the order? Please answer yes or no.", "don't cancel the order", "no"),
        ("Shall I book but not pay?", "yes but not", None),
    ],
)
def test_words_of_the_question_may_stand_beside(question: str, answer: str, verdict: str | None) -> None:
    assert consent(answer, question) == verdict


@settings(deadline=None)
@given(st.text(max_size=120))
def test_any_text_gets_a_verdict(text: str) -> None:
    assert consent(text) in {"yes", "no", None}


@settings(deadline=None)
@given(st.sampled_from(YES), st.sampled_from(words("لكن|بس|مش|no|لا|but|not|5|٧|if|لو|؟|?|wait|instead")))
def test_a_yes_with_a_hedge_a_figure_or_a_no_is_no_yes(yes: str, more: str) -> None:
    assert consent(f"{yes} {more}") != "yes"
    assert consent(f"{more} {yes}") != "yes"


@settings(deadline=None)
@given(st.text("ابتثجحخدرسشعغفقكلمنهوي abcdefghijklmnop", min_size=3, max_size=60))
def test_words_we_do_not_know_are_no_yes(text: str) -> None:
    assert consent(f"نعم {text}غضظ") is None
