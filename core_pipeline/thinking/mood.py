"""In which mood an answer is shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from core_pipeline.arabic.normalise import normalise

if TYPE_CHECKING:
    from core_pipeline.contracts.faces import Emotion

# The first that is found counts: an apology in thanks is an apology.
_MOODS: tuple[tuple[Emotion, str], ...] = (
    ("sad", "نعتذر|اعتذر|اسف\\w*|ناسف|للاسف|مع الاسف|البقاء لله|سلامتك|sorry|unfortunately|apologi[sz]e"),
    ("worried", "عذرا|معذره|ليست عندي|لا اعرف|لا املك|لم افهم|لم نتمكن|خلل|i do not have|did not catch"),
    ("thankful", "شكرا|نشكرك\\w*|العفو|ممتن\\w*|thank you|thanks|you are welcome|grateful"),
    ("happy", "اهلا|مرحبا|تشرفنا|مبروك|يسعدنا|سعداء|عرض|هديه|خصم|welcome|congratulations|happy|great"),
)
_FOUND: tuple[tuple[Emotion, re.Pattern[str]], ...] = tuple(
    (mood, re.compile(rf"\b(?:{words})\b")) for mood, words in _MOODS
)


def mood_of(text: str) -> Emotion:
    """The mood of an answer by its words: sad, worried, thankful, happy, else neutral; an answer is never angry."""
    said = normalise(text)
    return next((mood for mood, words in _FOUND if words.search(said)), "neutral")
