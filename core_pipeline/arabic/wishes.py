"""What customers say of themselves and of the talk itself: their name, their language, how to answer, to begin anew."""

from __future__ import annotations

import re
from enum import StrEnum

from core_pipeline.arabic.normalise import normalise, visible


class Command(StrEnum):
    """A word to the bot itself instead of to the business."""

    RESET = "reset"
    FORGET = "forget"


_COMMANDS = {
    Command.RESET: re.compile(r"/reset(?:@\w+)?|ابدا من جديد|ابدا من الاول|نبدا من جديد|start over|start again"),
    Command.FORGET: re.compile(r"/forget(?:@\w+)?|انسني|انساني|انس اسمي|امسح بياناتي|forget me|forget my name"),
}
_NAME = re.compile(
    r"(?:^|[\s،,.])(?:(?:أنا\s+|انا\s+)?[اإ]سمي|معك|my name is|my name's|ana esmy|ana ismi|esmy|ismi)\s+"
    r"(?P<name>[^\W\d_]{2,20}(?:\s+[^\W\d_]{2,20})?)(?=\s*(?:$|[.،,!؟?\n]|\sو))",
    re.IGNORECASE,
)
# Words that follow "my name" without being one.
_NO_NAME = {"مش", "غير", "ليس", "هو", "على", "في", "مكتوب", "not", "on", "in", "is"}
_LANGUAGES = {
    "en": re.compile(
        r"(?:speak|answer|reply|talk)(?: to me)?(?: in)? english|in english please|"
        r"(?:كلمني|رد علي|جاوبني|تكلم معي|اتكلم معايا|تحدث معي)(?: \w+)? (?:ب?ال)?انجليزيه?|rod 3alaya english"
    ),
    "ar": re.compile(
        r"(?:speak|answer|reply|talk)(?: to me)?(?: in)? arabic|in arabic please|"
        r"(?:كلمني|رد علي|جاوبني|تكلم معي|اتكلم معايا|تحدث معي)(?: \w+)? (?:ب?ال)?عربيه?|kalemny 3araby"
    ),
}
_FORMS = {
    "text": re.compile(
        r"(?:رد علي|جاوبني|ابعت لي|ارسل لي|اكتب لي)(?: \w+)? (?:كتابه|كتابي|مكتوب|نص)|اكتب لي الرد|بدون صوت|من غير صوت|"
        r"(?:reply|answer)(?: to)?(?: me)?(?: only)?(?: by| in| with) (?:text|writing)|text only|no voice notes?"
    ),
    "voice": re.compile(
        r"(?:رد علي|جاوبني|ابعت لي|ارسل لي)(?: \w+)? (?:ب?صوت|صوتي|ب?رساله صوتيه|فويس)|"
        r"(?:reply|answer)(?: to)?(?: me)?(?: by| in| with)(?: a)? voice|send (?:me )?(?:a )?voice"
    ),
}


_SHORT_WISH = 14
_PERSON = re.compile(
    r"(?:اكلم|احكي مع|اتكلم مع|التكلم مع|التحدث مع|التحدث الي|اتحدث مع|اتواصل مع|حولني الي|وصلني ب\w*|اريد|عايز|ابغي)"
    r" (?:ال)?(?:موظف\w*|انسان|شخص حقيقي|بشر|بني ادم|مندوب|ممثل خدمه العملاء|خدمه العملاء|ا?حد من الفريق|مدير)"
    r"|حولني (?:ل|الي )?(?:ال)?(?:موظف|انسان|خدمه العملاء)"
    r"|(?:speak|talk|chat|connect me|transfer me|put me through) (?:to|with) (?:an? |the |your |some)?"
    r"(?:real |live |human )?"
    r"(?:human|person|agent|representative|operator|manager|staff|someone|one|employee)"
    r"|(?:3ayez|3awz|abgha|areed) (?:akalem|a7ki ma3|aklm) (?:mowazaf|7ad|ensan|khedmet el 3omala)"
)

_PLEASE = r"(?:من فضلك|لو سمحت|لو تكرمت|بليز|please|pls|طيب|ممكن|can you|could you)"
_ASK = (
    r"(?:ارسل\w*|ابعت\w*|ابعث\w*|رد|جاوب\w*|اعطني|هات|عايزه?|عاوزه?|اريد|ابغي|ابي|بدي|ودي|send|reply|answer|give"
    r"|make|i want|can i (?:get|have)|eb3at\w*|ab3at\w*|3ayez|3awz|abgha|abi|bede?e)"
)
_FILM = r"(?:ب|بال|ال)?(?:فيديو|فديو|مقطع فيديو|video)"
_VIDEO = re.compile(
    rf"(?:{_PLEASE} )*{_ASK}(?: \w+){{0,4}}? {_FILM}(?: (?:الرد|الاجابه|message|{_PLEASE}))*"
    rf"|{_FILM}(?: {_PLEASE})+|(?:{_PLEASE} )+{_FILM}"
)
# Within a question the word alone may be about a film of the business's own.
_VIDEO_ANSWER = re.compile(
    r"(?:رد|جاوب\w*|الرد|الجواب|الاجابه)(?: \w+){0,2} (?:بال|ب|ب ال)?(?:فيديو|فديو)"
    r"|(?:reply|answer)(?: me)? (?:by|in|with|as) (?:a )?video"
)


def video_wish(text: str) -> tuple[bool, str]:
    """Whether the customer asks for the answer as a video, and what they say besides."""
    lines = [line for line in re.split(r"(?<=[.!?؟\n])\s*|\n", text) if line.strip()]
    said = [" ".join(re.sub(r"[.!؟?،,]", " ", normalise(line)).split()) for line in lines]
    rest = [line for line, words in zip(lines, said, strict=True) if not _VIDEO.fullmatch(words)]
    if len(rest) == len(lines):
        return any(_VIDEO_ANSWER.search(words) for words in said), text
    return True, " ".join(line.strip() for line in rest)


def command(text: str) -> Command | None:
    """Return the command that the whole message is, if it is one."""
    said = normalise(text).strip(" .!؟?،,\n")
    return next((kind for kind, ways in _COMMANDS.items() if ways.fullmatch(said)), None)


def wants_person(text: str) -> bool:
    """Whether the customer asks outright for a person instead of the bot."""
    said = normalise(text)
    return len(said.split()) <= _SHORT_WISH and _PERSON.search(said) is not None


def own_name(text: str) -> str | None:
    """Return the name by which the customer introduces themselves, as they wrote it."""
    found = _NAME.search(visible(text))
    if found is None or found["name"].split()[0].lower() in _NO_NAME:
        return None
    return " ".join(word for word in found["name"].split() if not _NO_NAME & {word.lower()})


def preferences(text: str) -> dict[str, str]:
    """Return what the customer asks for outright: {"language": "ar"|"en", "reply": "text"|"voice"}."""
    said = normalise(text)
    return {
        name: value
        for name, ways in (("language", _LANGUAGES), ("reply", _FORMS))
        for value, way in ways.items()
        if way.search(said)
    }
