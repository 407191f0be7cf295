"""Courtesies (greetings, thanks, goodbyes) around the questions of a message, and the questions themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from core_pipeline.arabic.analysis import Token, is_arabic, tokens
from core_pipeline.arabic.arabizi import arabic_words, is_arabizi
from core_pipeline.arabic.normalise import normalise


class Courtesy(StrEnum):
    """What polite words around a question do."""

    PEACE = "peace"
    MORNING = "morning"
    EVENING = "evening"
    GREETING = "greeting"
    WELLBEING = "wellbeing"
    THANKS = "thanks"
    GOODBYE = "goodbye"


@dataclass(frozen=True)
class Remark:
    """A message taken apart: its courtesies in order, and its questions without them."""

    courtesies: tuple[Courtesy, ...]
    questions: tuple[str, ...]


# In normalised spelling, longest first within a kind; a goodbye must be told before a greeting ("مع السلامة").
_PATTERNS = {
    Courtesy.GOODBYE: (
        r"مع ال?سلامه|في امان الله|الي اللقاء|اشوفكم علي خير|تصبحون? علي خير|تصبحوا علي خير|سلام عليكم ورحمه الله في امان"
        r"|يلا (?:باي|سلام)|باي(?: باي)?"
        r"|(?:good ?)?bye(?: bye)?|see (?:you|ya)(?: later| soon)?|good ?night|take care|ma3? ?el ?salama|ma3 alsalama|fi aman allah"
    ),
    Courtesy.THANKS: (
        r"(?:الف )?شكرا(?: (?:جزيلا|لك|لكم|ليك|ليكم|جدا|كتير|على|علي) ?(?:كتير|جدا|المساعده)?)*|مشكور(?:ين|ه)?|متشكر(?:ين|ه)?(?: (?:جدا|اوي))?"
        r"|تمام|اوك(?:ي|يه)?|حاضر|ok(?:ay)?|great|perfect"
        r"|تسلم(?:وا|ون|ي)?|يعطيك(?:م)? العافيه|الله يعطيك(?:م)? العافيه|جزاك(?:م)? الله خيرا?|ما قصرت(?:وا)?|ممنون(?:ين)?"
        r"|thank (?:you|u)(?: (?:so|very) much| a lot)?|many thanks|thanks(?: (?:a lot|so much|again))?|thx|tnx|cheers"
        r"|sho?u?kran(?: (?:gazilan|jazilan|awy|gedan))?|motsh?akk?er(?:een)?|tislam|teslam"
    ),
    Courtesy.PEACE: (
        r"(?:ال)?سلام(?:و)? ?علي?كم(?: و? ?رحمه الله(?: و? ?بركاته)?)?|وعليكم السلام(?: و? ?رحمه الله(?: و? ?بركاته)?)?"
        r"|(?:as+)?(?:al)?sal+am(?:o|u)?(?: ?(?:3|a)a?l[aei]+y?k[ou]+m)?"
    ),
    Courtesy.MORNING: r"صباح ?(?:ال)?(?:خير|نور|فل|ورد|ياسمين)|يسعد صباحك(?:م)?|good morning|(?:saba7|saba?h) ?(?:el|al)? ?(?:5|kh)[ei]+r",
    Courtesy.EVENING: (
        r"مساء? ?(?:ال)?(?:خير|نور|فل|ورد)|يسعد مساك(?:م)?|good (?:evening|afternoon)|masa?2?a? ?(?:el|al)? ?(?:5|kh)[ei]+r"
    ),
    Courtesy.WELLBEING: (
        r"كيف (?:حالك(?:م)?|الحال)|ازيك(?:م|و|وا)?(?: عاملين ايه| عامل ايه)?|عامل(?:ين)? ايه|شلونك(?:م)?|كيفك(?:م)?|شخبارك(?:م)?"
        r"|how are you(?: doing)?(?: today)?|how(?:'s| is) it going|e?zz?ayy?(?:ak|ek|ko|oko|okom|akom)|3amel(?:een)? eh"
        r"|shlo?nkom|shlo?nak"
    ),
    Courtesy.GREETING: (
        r"مرحبا(?: بك(?:م)?)?|مرحبتين|اهلا(?: و? ?سهلا)?(?: بك(?:م)?)?|اهلين|هلا(?: والله| وغلا)?|يا هلا|هاي|هالو|الو|حياك(?:م)? الله"
        r"|hi(?: there)?|hello(?: there)?|hey(?: there)?|greetings|mar7aba|marhaba|ahlan(?: wa? sahlan)?|hala"
    ),
}
_EDGE = "(?<![\\w']){}(?![\\w'])"
_COURTESIES = {kind: re.compile(_EDGE.format(f"(?:{pattern})")) for kind, pattern in _PATTERNS.items()}
_SENTENCE = re.compile(r"[؟?!\n\r؛;…]+|(?<!\d)[.](?!\w)")
# A question word behind "and" starts a question of its own; voice notes come without punctuation.
_NEXT = re.compile(
    r"\s+(?=(?:و ?(?:هل|كم|متي|امتي|اين|فين|وين|ما هي|ما هو|ماهي|كيف|ازاي|بكام|بكم|عندكم|هل|كمان|عايز|ابغي|اريد|ممكن|وش|ايه|ايش)"
    r"|(?:and|also) (?:what|when|where|how|do|does|is|are|can|could|which|who))(?![\w]))"
)
_ENOUGH = 2


def _without_courtesies(text: str) -> tuple[str, list[Courtesy]]:
    found: list[tuple[int, Courtesy]] = []
    for kind, pattern in _COURTESIES.items():
        for match in pattern.finditer(text):
            found.append((match.start(), kind))
        text = pattern.sub(lambda match: "\n" + " " * (len(match[0]) - 1), text)
    return text, [kind for _, kind in sorted(found)]


def _either(word: str) -> list[Token]:
    return tokens(word) if is_arabic(word) else [Token(word, word)]


def content(question: str) -> list[Token]:
    """Return the words of a question that a search can use; Arabizi words are given as Arabic where known."""
    if is_arabizi(question):
        return [found for word in arabic_words(question) for found in _either(word)]
    return tokens(question)


def _parts(sentence: str) -> list[str]:
    """Cut at "and" + question word, where both sides then have something to search for."""
    parts: list[str] = []
    for piece in _NEXT.split(sentence):
        if parts and not (content(piece) and content(parts[-1])):
            parts[-1] = f"{parts[-1]} {piece}"
        else:
            parts.append(piece)
    return parts


def take_apart(text: str) -> Remark:
    """Split a message into its courtesies and its questions, both in the order written; questions are normalised."""
    rest, courtesies = _without_courtesies(normalise(text).replace("’", "'"))
    questions = [
        " ".join(part.split())
        for sentence in _SENTENCE.split(rest)
        for part in _parts(sentence)
        if content(part) or (not courtesies and len(part.split()) >= _ENOUGH)
    ]
    return Remark(tuple(dict.fromkeys(courtesies)), tuple(dict.fromkeys(questions)))
