"""Times of day as Arabic words: "التاسعة والنصف مساء", and ranges of them."""

from __future__ import annotations

import re
from typing import Final

from core_pipeline.arabic.numbers import Noun, counted, ordinal

_MINUTE = Noun("دقيقة", "دقيقتان", "دقائق", "دقيقة", feminine=True)
_FRACTIONS = {15: "والربع", 20: "والثلث", 30: "والنصف"}
_MORNING: Final = "صباحا"
_EVENING: Final = "مساء"
# Longest first; each mark with what is said for it.
_MARKS = {
    "بعد منتصف الليل": "بعد منتصف الليل",
    "بعد الظهر": "بعد الظهر",
    "صباحا": _MORNING,
    "الصبح": _MORNING,
    "ص": _MORNING,
    "am": _MORNING,
    "a.m.": _MORNING,
    "مساء": _EVENING,
    "م": _EVENING,
    "pm": _EVENING,
    "p.m.": _EVENING,
    "ظهرا": "ظهرا",
    "عصرا": "عصرا",
    "فجرا": "فجرا",
    "ليلا": "ليلا",
}
_MARK = (
    r"بعد منتصف الليل|بعد الظهر|صباح(?:ا|ًا|اً)|مساء(?:ً|ا|ًا|اً)?|ظهر(?:ا|ًا|اً)|عصر(?:ا|ًا|اً)|فجر(?:ا|ًا|اً)"
    r"|ليل(?:ا|ًا|اً)|الصبح|a\.m\.|p\.m\.|am|pm|ص|م"
)
_HARAKAT = re.compile("[\u064b-\u0652]")
_CLOCK = r"(?P<{0}h>[01]?\d|2[0-4]):(?P<{0}m>[0-5]\d)(?::[0-5]\d)?(?:\s?(?P<{0}p>{1})(?![\w\u064b-\u0652]))?"
_HOUR = r"(?P<{0}h>1[0-2]|0?[1-9])\s?(?P<{0}p>{1})(?![\w\u064b-\u0652])"
_LOOSE = r"(?P<{0}h>[01]?\d|2[0-4])(?::(?P<{0}m>[0-5]\d))?(?:\s?(?P<{0}p>{1})(?![\w\u064b-\u0652]))?"
_START = r"(?<![\w:.,/])"
_STOP = r"(?![\w:/]|[.,]\d)"
_DASH = r"\s?(?:-|–|—|إلى|الى|حتى|لـ|to)\s?"
_RANGE = re.compile(
    rf"(?P<from>من\s)?(?P<oclock>الساعة\s)?{_START}{_LOOSE.format('a', _MARK)}"
    rf"{_DASH}(?:الساعة\s)?{_LOOSE.format('b', _MARK)}{_STOP}",
    re.IGNORECASE,
)
_SINGLE = re.compile(rf"{_START}(?:{_CLOCK.format('a', _MARK)}){_STOP}", re.IGNORECASE)
_SPOKEN_HOUR = re.compile(rf"{_START}(?:{_HOUR.format('a', _MARK)}){_STOP}", re.IGNORECASE)
_AFTER_OCLOCK = re.compile(rf"(?<=الساعة )(?P<ah>1\d|2[0-4]|0?\d){_STOP}")


def _said_mark(mark: str | None) -> str:
    if not mark:
        return ""
    plain = _HARAKAT.sub("", mark.lower())
    return _MARKS.get(plain, _MARKS.get(plain.removesuffix("ا"), plain))


def _period(hour: int) -> str:
    """What a 24-hour time says about the part of the day."""
    hour %= 24
    if hour == 0:
        return "ليلا"
    if hour < 12:
        return _MORNING
    if hour < 15:
        return "ظهرا"
    return "عصرا" if hour < 18 else _EVENING


def time_words(hour: int, minute: int = 0, mark: str | None = None, *, full_day: bool = False) -> str:
    """Return a time of day in words.

    `mark` is the part of the day as written (ص, م, pm, مساءً ...); `full_day` means that the 24-hour clock is in use,
    so that even 10:00 gets its part of the day.
    """
    period = _said_mark(mark)
    if not period and (full_day or hour >= 13 or hour == 0):
        period = _period(hour)
    shown = hour + 1 if minute == 45 else hour
    parts = [ordinal((shown - 1) % 12 + 1, feminine=True).replace("الأولى", "الواحدة")]
    if minute == 45:
        parts.append("إلا ربعا")
    elif minute:
        parts.append(_FRACTIONS.get(minute) or f"و{counted(minute, _MINUTE)}")
    return " ".join([*parts, period]).strip()


def _from(match: re.Match[str], side: str, *, full_day: bool = False) -> str:
    found = match.groupdict()
    hour, minute = int(found[f"{side}h"]), int(found.get(f"{side}m") or 0)
    return time_words(hour, minute, found.get(f"{side}p"), full_day=full_day)


def _range_words(match: re.Match[str]) -> str:
    """Two numbers with a dash are times only if something says so: a colon, a mark, or "الساعة"."""
    found = match.groupdict()
    if not any(found[name] for name in ("am", "ap", "bm", "bp", "oclock")):
        return match[0]
    full_day = not (found["ap"] or found["bp"]) and (int(found["bh"]) > 12 or int(found["ah"]) > 12)
    start, end = _from(match, "a", full_day=full_day), _from(match, "b", full_day=full_day)
    return f"{'من ' if found['from'] or not found['oclock'] else ''}{found['oclock'] or ''}{start} إلى {end}"


def speak_times(text: str) -> str:
    """Return `text` (with Latin digits) with its times of day and ranges of them in words."""
    text = _RANGE.sub(_range_words, text)
    for pattern in (_SINGLE, _SPOKEN_HOUR, _AFTER_OCLOCK):
        text = pattern.sub(lambda match: _from(match, "a"), text)
    return text
