"""What customers say of themselves is noticed, and nothing else is taken for it."""

from __future__ import annotations

import pytest

from core_pipeline.arabic.wishes import Command, command, own_name, preferences, video_wish, wants_person


@pytest.mark.parametrize("said", ["/reset", "/reset@shop_bot", "ابدأ من جديد", "Start over!", " إبدا من الأول "])
def test_a_wish_to_begin_anew(said: str) -> None:
    assert command(said) is Command.RESET


@pytest.mark.parametrize("said", ["/forget", "انساني", "Forget me.", "امسح بياناتي"])
def test_a_wish_to_be_forgotten(said: str) -> None:
    assert command(said) is Command.FORGET


@pytest.mark.parametrize("said", ["متى نبدأ من جديد في رمضان؟", "how do I /reset my password", "", "reset"])
def test_questions_are_no_commands(said: str) -> None:
    assert command(said) is None


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("اسمي أحمد", "أحمد"),
        ("مرحبا أنا اسمي سارة، عندكم توصيل؟", "سارة"),
        ("Hi, my name is Omar Khaled.", "Omar Khaled"),
        ("ana esmy Mona", "Mona"),
        ("هل اسمي مكتوب في القائمة؟", None),
        ("ما اسم المدير؟", None),
        ("is my name on the list", None),
    ],
)
def test_a_name_is_noticed_where_one_is_given(said: str, name: str | None) -> None:
    assert own_name(said) == name


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("Please answer in English", {"language": "en"}),
        ("كلمني عربي لو سمحت", {"language": "ar"}),
        ("رد عليّ كتابة من فضلك", {"reply": "text"}),
        ("reply with voice please", {"reply": "voice"}),
        ("text only please, answer in arabic", {"language": "ar", "reply": "text"}),
        ("عندكم دورات لغة عربية؟", {}),
        ("Do you speak English?", {"language": "en"}),
        ("ما رقم الهاتف؟", {}),
    ],
)
def test_preferences_are_noticed_where_they_are_asked_for(said: str, wanted: dict[str, str]) -> None:
    assert preferences(said) == wanted


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("عايز اكلم موظف", True),
        ("أريد التحدث مع خدمة العملاء من فضلك", True),
        ("ممكن تحولني لموظف؟", True),
        ("Can I talk to a human?", True),
        ("connect me with your manager please", True),
        ("3ayez akalem mowazaf", True),
        ("هل لديكم موظفون يتحدثون الإنجليزية؟", False),
        ("كم شخص تتسع الطاولة؟", False),
        ("Is there someone at the desk on Friday?", False),
        ("أريد طاولة لأربعة أشخاص", False),
    ],
)
def test_a_wish_for_a_person_is_noticed(said: str, wanted: bool) -> None:
    assert wants_person(said) is wanted


@pytest.mark.parametrize(
    ("said", "rest"),
    [
        ("أرسل فيديو", ""),
        ("ابعتلي فيديو لو سمحت", ""),
        ("ممكن فيديو؟", ""),
        ("عايز الرد فيديو", ""),
        ("3ayez video", ""),
        ("Send me a video, please.", ""),
        ("متى تفتحون؟ أرسل لي فيديو", "متى تفتحون؟"),
        ("أرسل فيديو\nمتى تفتحون", "متى تفتحون"),
        ("رد علي بالفيديو متى تفتحون", "رد علي بالفيديو متى تفتحون"),
    ],
)
def test_a_wish_for_a_video_is_noticed_and_is_no_question(said: str, rest: str) -> None:
    assert video_wish(said) == (True, rest)


@pytest.mark.parametrize(
    "said",
    ["عندكم فيديو للمطعم؟", "هل ترسلون فيديو عن المنتج؟", "متى تفتحون\nوأين أنتم", "Do you rent video games?", ""],
)
def test_questions_about_videos_are_questions(said: str) -> None:
    assert video_wish(said) == (False, said)
