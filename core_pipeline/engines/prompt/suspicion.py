"""Signs that a customer's message speaks to the machine, not to the business: then no tool is offered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from core_pipeline.arabic.normalise import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core_pipeline.contracts.engines import Ask

# All on normalised text: lower case, one alef, ya and ha, no vowel marks.
_SIGNS = (
    # turns, tags and calls of models' own templates
    r"(?:^|\n)\W{0,4}(?:system|assistant|developer|tool|النظام|نظام|المطور)(?: message| prompt)?\s*[:>\]]",
    r"<\|?\s*/?\s*(?:system|im_start|im_end|data|tool|think|user|assistant|sys)",
    r"\[/?(?:inst|sys|system|tool_calls)\]",
    r"\b(?:tool|function)[_ ]?calls?\b|\bcall (?:the )?(?:tool|function)\b",
    r"[\"'](?:name|arguments|parameters|tool)[\"']\s*:",
    # orders to leave the rules
    r"\b(?:ignore|disregard|forget|override|bypass|skip)\b.{0,40}\b(?:instruction|rule|prompt|guideline|polic)",
    r"\b(?:ignore|disregard)\b.{0,40}\b(?:previous|above)\b",
    r"(?:تجاهل|انسي?|اهمل|تخطي?|الغ|خالف|سيبك من)\w{0,3}\b.{0,40}(?:تعليم|قواعد|اوامر|برومبت|توجيه|قيود)",
    r"\b(?:tagahal|tgahal|tajahal|insa|ensa|sibak men|elghi)\b.{0,40}(?:ta3lim|2?awamer|qawa3ed|instruction|prompt)",
    # another role, or the rules themselves
    r"\b(?:you are now|from now on you|act as|pretend (?:to be|you)|role ?play)\b",
    r"\b(?:developer|debug|admin|god) mode\b|\bjailbreak\b",
    r"(?:تظاهر|تقمص|العب دور|مثل دور|وضع المطور)\w{0,3}\b|استدع\w{0,2} (?:ال)?(?:اداه|داله)",
    r"\b(?:system prompt|initial prompt|hidden prompt|your (?:instructions|prompt))\b",
    r"تعليماتك|البرومبت|موجه النظام|رساله النظام|\bta3limat\w*|\bel prompt\b",
    r"\b(?:base ?64|rot13)\b",
)
# Encoded orders; account numbers have no small letters.
_BLOB = re.compile(r"(?<![\w:/.%-])(?=[^\s=]*[a-z])(?=[^\s=]*[A-Z])[A-Za-z0-9+/]{24,}={0,2}(?![\w/.-])")
_SMELL = re.compile("|".join(f"(?:{sign})" for sign in _SIGNS))


def suspicious(text: str, tools: Iterable[str] = ()) -> bool:
    """Whether `text` has such a sign, or names one of the `tools` as only a programmer would."""
    plain = normalise(text)
    return bool(_SMELL.search(plain) or _BLOB.search(text)) or any(_names(plain, tool.lower()) for tool in tools)


def _names(plain: str, tool: str) -> bool:
    called = rf"{re.escape(tool)}\s*[({{]"
    return ("_" in tool and tool in plain) or re.search(called, plain) is not None


def innocent(ask: Ask) -> bool:
    """Whether nothing that the customer said, now or before, has a sign."""
    names = [tool.name for tool in ask.tools]
    said = [ask.question, *(one.text for one in ask.history if one.speaker == "customer")]
    return not any(suspicious(text, names) for text in said)
