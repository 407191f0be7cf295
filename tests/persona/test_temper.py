"""Anger and dialect by words: what customers write, and what only looks like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.arabic.dialects import DIALECTS, dialect_of
from core_pipeline.arabic.temper import is_angry
from core_pipeline.thinking.handing import by_rule
from tenants.policy import Policy

ANGRY = [
    "أنا زعلان جدا منكم",
    "الخدمة زفت",
    "انتوا نصابين",
    "حسبي الله ونعم الوكيل فيكم",
    "كم مرة أسأل؟؟؟؟",
    "بقالي ساعة مستني ولا حد بيرد!!!",
    "طهقت منكم",
    "ana za3lan awy",
    "I am furious!",
    "this is unacceptable",
    "You are scammers",
    "I'm fed up with you",
    "WHY IS NOBODY ANSWERING ME STILL WAITING HERE",
]
CALM = [
    "متى تفتحون؟",
    "أنا مش زعلان",
    "لست غاضبا",
    "بكام الأوردر؟؟؟",
    "كم مرة في الأسبوع تفتحون؟",
    "عندكم دكتور اطفال؟",
    "شكرا جزيلا!!!",
    "I am not angry",
    "How many times a week is the class?",
    "THANK YOU VERY MUCH FOR YOUR HELP",
    "ممكن استرجاع؟",
    "",
]


@pytest.mark.parametrize("text", ANGRY)
def test_anger_is_seen(text: str) -> None:
    assert is_angry(text)


@pytest.mark.parametrize("text", CALM)
def test_calm_words_are_left_alone(text: str) -> None:
    assert not is_angry(text)


@given(st.text(max_size=300))
def test_any_text_has_a_temper_and_a_dialect(text: str) -> None:
    assert is_angry(text) in {True, False}
    assert dialect_of(text) in {*DIALECTS, "arabizi", "standard", None}


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("عايز أعرف بتفتحوا امتى النهارده", "egyptian"),
        ("وش مواعيدكم الحين؟ ابغى احجز", "gulf"),
        ("بدي احجز طاولة، شو عندكن هلق؟", "levantine"),
        ("بغيت نعرف شحال الثمن ديالكم", "maghrebi"),
        ("شكو ماكو، هسه فاتحين؟", "iraqi"),
        ("ما هي مواعيد العمل؟", "standard"),
        ("3ayez a7gez tarabeza", "arabizi"),
        ("When are you open?", None),
        ("123", None),
    ],
)
def test_dialects_are_told_by_their_words(text: str, dialect: str | None) -> None:
    assert dialect_of(text) == dialect


def rule(heard: str, **handoff: object) -> str | None:
    return by_rule(Policy.model_validate({"handoff": handoff}), heard)


@pytest.mark.parametrize(
    ("heard", "word"),
    [
        ("أريد تقديم شكوى", "شكوى"),
        ("عندي الشكوى التالية", "شكوي"),
        ("I want a REFUND, please", "refund"),
        ("وبالشكوى دي اعمل ايه", "شكوى"),
        ("عايز استرجاع المبلغ", "استرجاع  المبلغ"),
    ],
)
def test_a_tenants_words_call_a_person(heard: str, word: str) -> None:
    assert rule(heard, words=[word]) == "words"


def test_words_count_whole_and_anger_only_if_asked_for() -> None:
    assert rule("How refundable is it?", words=["refund"]) is None
    assert rule("anything", words=["!!"]) is None
    assert rule("الخدمة زفت") is None
    assert rule("الخدمة زفت", angry=True) == "angry"
