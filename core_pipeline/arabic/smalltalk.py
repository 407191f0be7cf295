"""Courtesies (greetings, thanks, goodbyes) around the questions of a message, and the questions themselves."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

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


_PATTERNS = tomllib.loads(Path(__file__).with_name("courtesies.toml").read_text(encoding="utf-8"))
_EDGE = "(?<![\\w']){}(?![\\w'])"
_COURTESIES = {Courtesy(kind): re.compile(_EDGE.format(f"(?:{'|'.join(ways)})")) for kind, ways in _PATTERNS.items()}
_SENTENCE = re.compile(r"[؟?!\n\r؛;…]+|(?<!\d)[.](?!\w)")
# A question word behind "and" starts a question of its own; voice notes come without punctuation.
_NEXT = re.compile(
    r"\s+(?=(?:و ?(?:هل|كم|متي|امتي|اين|فين|وين|ما هي|ما هو|ماهي|كيف|ازاي|بكام|بكم|عندكم|وش|ايه|ايش)"
    r"|(?:and|also) (?:what|when|where|how|do|does|is|are|can|could|which|who))(?![\w]))"
)
_ENOUGH = 2


def _without_courtesies(text: str) -> tuple[str, list[Courtesy]]:
    found: list[tuple[int, Courtesy]] = []
    for kind, pattern in _COURTESIES.items():
        found.extend((match.start(), kind) for match in pattern.finditer(text))
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
