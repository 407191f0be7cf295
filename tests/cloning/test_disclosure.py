"""The customer is told that a machine speaks, when the policy or a cloned voice demands it."""

from __future__ import annotations

import pytest

from core_pipeline.cloning.disclosure import disclosed
from core_pipeline.contracts.phrases import READY
from tenants.policy import PHRASES, Policy

ANSWER = "نفتح الساعة العاشرة."
WORDS = READY["disclosure"]


@pytest.mark.parametrize(
    ("policy", "voice", "told_first", "told_later"),
    [
        ("never", "", False, False),
        ("first", "", True, False),
        ("always", "", True, True),
        ("never", "embedded-woman", False, False),
        ("never", "clone:1", True, False),
        ("first", "clone:1", True, False),
        ("always", "clone:1", True, True),
    ],
)
def test_when_it_is_said(policy: str, voice: str, told_first: bool, told_later: bool) -> None:
    wishes = Policy.model_validate({"disclosure": policy, "voice": {"ar": voice} if voice else {}})
    told = f"{WORDS['ar']} {ANSWER}"
    assert disclosed(ANSWER, wishes, "ar", first=True) == (told if told_first else ANSWER)
    assert disclosed(ANSWER, wishes, "ar", first=False) == (told if told_later else ANSWER)


def test_a_voice_cloned_for_one_language_says_nothing_of_the_other() -> None:
    wishes = Policy(voice={"ar": "clone:1"})
    assert disclosed("We open at ten.", wishes, "en", first=True) == "We open at ten."


def test_the_tenants_own_words_are_used() -> None:
    wishes = Policy(disclosure="always", phrases={"disclosure": {"en": "A machine speaks."}})
    assert disclosed("Hello.", wishes, "en", first=False) == "A machine speaks. Hello."
    assert disclosed(ANSWER, wishes, "ar", first=False).startswith(WORDS["ar"])


def test_tenants_can_choose_the_words() -> None:
    assert "disclosure" in PHRASES
    assert set(PHRASES) == set(READY)
