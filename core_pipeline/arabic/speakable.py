"""Answer text as a voice should say it: no markup, no addresses, no figures an Arabic voice would stumble over."""

from __future__ import annotations

import re

from core_pipeline.arabic.figures import speak_figures
from core_pipeline.arabic.money import AFTER, BEFORE, currency
from core_pipeline.arabic.normalise import latin_digits, visible
from core_pipeline.arabic.pronouncing import AS_WRITTEN, Pronouncing

_LINK = {"ar": "الرابط مرسل كتابة", "en": "link in text"}
_MAIL = {"ar": "البريد الإلكتروني مرسل كتابة", "en": "email address in text"}
_MARKDOWN_LINK = re.compile(r"!?\[([^\]\n]*)\]\((?:[^()\s]*)(?:\s[^)\n]*)?\)")
_URL = re.compile(
    r"(?:https?://|www\.)[^\s<>()]+|(?<![\w@.])(?:[a-z0-9-]+\.)+(?:com|net|org|me|io|app|shop|example|eg|sa|ae|kw|qa)(?:/[^\s<>()]*)?(?![\w.]\w)",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_FENCE = re.compile(r"```[^\n`]*\n?|`")
_EMPHASIS = re.compile(r"(\*{1,3}|_{1,3}|~~)(?=\S)(.+?)(?<=\S)\1(?!\w)")
_LINE_MARK = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+•▪◦·–][ \t]+|\|)", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*(?:[-*_=|:][ \t]*){3,}$", re.MULTILINE)
_NUMBERED = re.compile(r"^[ \t]*(\d{1,2})[.)\-][ \t]+", re.MULTILINE)
_PICTURE = re.compile(
    "[\u00a9\u00ae\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\ufe00-\ufe0f"
    "\U0001f000-\U0001faff\U000e0020-\U000e007f]|[#*0-9]\ufe0f?\u20e3"
)
_PUNCTUATED = re.compile(r"[.!?؟،,:;؛…]$")
_SPACES = re.compile(r"[ \t\u00a0]+")
_ORPHAN = re.compile(r"\s+(?=[.!?؟،,;؛])")
_LEFTOVER = re.compile(r"[*_`~|<>^{}\\\[\]]+")
_PHONE = re.compile(r"(?<![\w.,/-])\+?\d(?:[ ()-]{0,2}\d){6,14}(?![\w/]|[.,]\d)")


def _without_markup(text: str, language: str) -> str:
    text = _MARKDOWN_LINK.sub(lambda match: f"{match[1]} ({_LINK[language]})", _RULE.sub("", text))
    text = _URL.sub(_LINK[language], _EMAIL.sub(_MAIL[language], text))
    text = _LINE_MARK.sub("", _FENCE.sub("", text))
    for _ in range(3):
        text = _EMPHASIS.sub(r"\2", text)
    return _PICTURE.sub(" ", text)


def _sentences(text: str) -> str:
    """Join lines into one text; a line that ends without punctuation gets a full stop, so that the voice pauses."""
    lines = [_SPACES.sub(" ", _LEFTOVER.sub(" ", line)).strip() for line in text.splitlines()]
    said = [line if _PUNCTUATED.search(line) else f"{line}." for line in lines if re.search(r"\w", line)]
    if len(said) == 1 and not _PUNCTUATED.search(lines[-1] or "."):
        said = [said[0].removesuffix(".")]
    return _ORPHAN.sub("", " ".join(said))


def _english_money(match: re.Match[str]) -> str:
    kind = currency(match["name"])
    return f"{match['amount']} {kind.english}" if kind else match[0]


def _english_phone(match: re.Match[str]) -> str:
    digits = [character for character in match[0] if character.isdigit()]
    if not match[0].startswith(("+", "0")) and len(digits) < 9:
        return match[0]
    return ("plus " if match[0].startswith("+") else "") + " ".join(digits)


def _english(text: str) -> str:
    """An English voice reads figures itself; phone numbers and currency codes it does not."""
    for pattern in (AFTER, BEFORE):
        text = pattern.sub(_english_money, text)
    return _PHONE.sub(_english_phone, text)


def speakable(text: str, language: str, own: Pronouncing = AS_WRITTEN) -> str:
    """Return what a voice should say for `text` in `language` ("ar" or "en"); Arabic comes out without any digit.

    `own` is how the tenant wants words of theirs spoken.
    """
    known = "ar" if language == "ar" else "en"
    plain = own.said(_without_markup(latin_digits(visible(_PICTURE.sub(" ", text))), known))
    if known == "ar":
        return _sentences(speak_figures(_NUMBERED.sub(r"\1، ", plain)))
    return _sentences(_english(plain))
