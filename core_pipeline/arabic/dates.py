"""Dates as Arabic words: "الخامس من مارس عام ألفين وستة وعشرين"."""

from __future__ import annotations

import re

from core_pipeline.arabic.numbers import Case, cardinal, ordinal

_MONTHS = [
    "يناير",
    "فبراير",
    "مارس",
    "أبريل",
    "مايو",
    "يونيو",
    "يوليو",
    "أغسطس",
    "سبتمبر",
    "أكتوبر",
    "نوفمبر",
    "ديسمبر",
]
_OTHER_MONTHS = (
    "ابريل|إبريل|اغسطس|اكتوبر|جانفي|فيفري|أفريل|ماي|جوان|جويلية|أوت|شباط|آذار|اذار|نيسان|أيار|ايار|حزيران|تموز|آب"
    "|أيلول|ايلول|كانون الثاني|كانون الأول|تشرين الأول|تشرين الثاني"
)
_HIJRI = (
    "محرم|صفر|ربيع الأول|ربيع الاول|ربيع الآخر|ربيع الثاني|جمادى الأولى|جمادى الاولى|جمادى الآخرة|جمادى الثانية"
    "|رجب|شعبان|رمضان|شوال|ذو القعدة|ذي القعدة|ذو الحجة|ذي الحجة"
)
_NAME = "|".join((*_MONTHS, _OTHER_MONTHS, _HIJRI))
_ERA = r"\s?(?P<era>هـ?|م|ميلادي(?:ة|ا)?|هجري(?:ة|ا)?)(?!\w)"
_NAMED = re.compile(
    rf"(?<![\w/.,:-])(?P<day>[12]\d|3[01]|0?[1-9])\s?(?:من\s)?(?:شهر\s)?(?P<month>{_NAME})(?!\w)"
    rf"(?:,?\s(?:عام\s|سنة\s|لعام\s)?(?P<year>\d{{4}})(?!\d)(?:{_ERA})?)?"
)
_SLASHED = re.compile(
    r"(?<![\w/.,:-])(?P<day>[12]\d|3[01]|0?[1-9])(?P<sep>[/.-])(?P<month>1[0-2]|0?[1-9])(?P=sep)(?P<year>\d{4}|\d\d)"
    rf"(?![\w/-]|[.,:]\d)(?:{_ERA})?"
)
_ISO = re.compile(r"(?<![\w/.,:-])(?P<year>[12]\d{3})-(?P<month>1[0-2]|0[1-9])-(?P<day>[12]\d|3[01]|0[1-9])(?![\w/-])")
_SHORT = re.compile(r"(?<![\w/.,:-])(?P<day>[12]\d|3[01]|0?[1-9])/(?P<month>1[0-2]|0?[1-9])(?![\w/-]|[.,:]\d)")
_YEAR = re.compile(rf"(?<=\b(?:عام|سنة) )(?P<year>[12]\d{{3}})(?![\w/:-]|[.,]\d)(?:{_ERA})?")
_ALWAYS = re.compile(r"(?<![\w/])24/7(?![\w/])")
_ERAS = {"م": " للميلاد", "ه": " للهجرة"}


def year_words(year: str, era: str | None = None) -> str:
    """Return a year of two or four digits in words, as after "عام"; two digits count from 2000."""
    number = int(year) + (2000 if len(year) == 2 else 0)
    return cardinal(number, case=Case.OBLIQUE) + _ERAS.get((era or " ")[0], "")


def date_words(day: int, month: str, year: str | None = None, era: str | None = None) -> str:
    """Return a date in words; `month` is a name, or a number 1..12 of the Gregorian calendar."""
    name = _MONTHS[int(month) - 1] if month.isdigit() else month
    said = f"{ordinal(day)} من {name}"
    return f"{said} عام {year_words(year, era)}" if year else said


def _spoken(match: re.Match[str]) -> str:
    found = match.groupdict()
    return date_words(int(found["day"]), found["month"], found.get("year"), found.get("era"))


def _short(match: re.Match[str]) -> str:
    """Leave 1/2, 1/3, 1/4, 3/4 alone: they are fractions far more often than days."""
    return match[0] if match[0] in {"1/2", "1/3", "1/4", "3/4", "2/3"} else _spoken(match)


def speak_dates(text: str) -> str:
    """Return `text` (with Latin digits) with its dates, and years after "عام" or "سنة", in words."""
    text = _ALWAYS.sub("على مدار الساعة طوال الأسبوع", text)
    for pattern in (_ISO, _NAMED, _SLASHED):
        text = pattern.sub(_spoken, text)
    text = _SHORT.sub(_short, text)
    return _YEAR.sub(lambda match: year_words(match["year"], match["era"]), text)
