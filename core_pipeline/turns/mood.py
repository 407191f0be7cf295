"""In which mood an answer is shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from core_pipeline.arabic.normalise import normalise

if TYPE_CHECKING:
    from core_pipeline.contracts.faces import Emotion

# The first that is found counts: an apology in thanks is an apology.
_MOODS: tuple[tuple[Emotion, re.Pattern[str]], ...] = (
    ("sad", re.compile(r"\b(?:نعتذر|اعتذر|اسف\w*|ناسف|للاسف|مع الاسف|البقاء لله|سلامتك|sorry|unfortunately|apologi[sz]e)\b")),
    ("worried", re.compile(r"\b(?:عذرا|معذره|ليست عندي|لا اعرف|لا املك|لم افهم|لم نتمكن|خلل|i do not have|did not catch)\b")),
    ("thankful", re.compile(r"\b(?:شكرا|نشكرك\w*|العفو|ممتن\w*|thank you|thanks|you are welcome|grateful)\b")),
    ("happy", re.compile(r"\b(?:اهلا|مرحبا|تشرفنا|مبروك|يسعدنا|سعداء|عرض|هديه|خصم|welcome|congratulations|happy|great)\b")),
)


def mood_of(text: str) -> Emotion:
    """The mood of an answer by its words: sad, worried, thankful, happy, else neutral; an answer is never angry."""
    said = normalise(text)
    return next((mood for mood, words in _MOODS if words.search(said)), "neutral")
