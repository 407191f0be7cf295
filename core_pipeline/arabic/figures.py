"""Every figure of an Arabic text as words: the passes in the order in which they may claim digits."""

from __future__ import annotations

import re
import unicodedata

from core_pipeline.arabic.clock import speak_times
from core_pipeline.arabic.dates import speak_dates
from core_pipeline.arabic.money import AFTER, BEFORE, currency, money
from core_pipeline.arabic.numbers import LARGEST, Case, cardinal, counted, decimal, digit_by_digit
from core_pipeline.arabic.units import NOUNS

_PREPOSITION = re.compile(
    "من|إلى|الى|في|على|عن|حتى|بعد|قبل|خلال|لمدة|بسعر|سعر|بقيمة|مقابل|تكلفة|نحو|حوالي|قرابة|لـ|بـ|ب|ل|كل|قيمته|بنسبة|لعدد|فوق|تحت|قيمتها|بين"
)
_LAST_WORD = re.compile(r"(\w+)[\s:]*$")
_ATTACHED = re.compile(r"(?<!\w)([بلو])[-ـ]?(?=\d)")
_PHONE = re.compile(
    r"(?<![\w.,/-])"
    r"(?:\+\d(?:[ ()-]{0,2}\d){6,14}|0\d(?:[ ()-]{0,2}\d){5,13}|\d{2,4}(?:[ -]\d{3,4}){2,3})(?![\w/]|[.,]\d)"
)
_NUMBERED_THING = re.compile(
    r"(?P<lead>(?:رقم|برقم|الخط الساخن|خط ساخن|اتصل(?:وا|ي)? (?:بنا |بي )?على|هاتف|تليفون|واتساب|كود|الكود|#)[:\s]*"
    r"(?:هو\s|الطلب\s|طلبك\s|الحجز\s)?)"
    r"#?(?P<digits>\d[\d-]*\d|\d)(?!\w|[.,/:]\d|\s?%)"
)
_CODE = re.compile(r"(?<!\w)(?P<letters>[A-Za-z]{1,5})-?(?P<digits>\d{2,})(?!\w)")
_RANGE = re.compile(r"(?<![\w.,-])(\d{1,9})\s?[-–—]\s?(?=\d{1,9}(?![\d-]))")
_FRACTION = re.compile(r"(?<![\w/.,])(1/2|1/3|1/4|2/3|3/4)(?![\w/])")
_FRACTIONS = {"1/2": "نصف", "1/3": "ثلث", "1/4": "ربع", "2/3": "ثلثان", "3/4": "ثلاثة أرباع"}
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_PERCENT = re.compile(rf"(?P<amount>{_NUMBER})\s?(?:%|بالمئة|بالمائة|في المئة|في المائة)|%\s?(?P<behind>{_NUMBER})")
_COUNTED = re.compile(rf"(?<![\w.,])(?P<amount>{_NUMBER})\s?(?P<noun>[^\W\d_]+)(?P<marks>[\u064b-\u0652]*)")
_PLAIN = re.compile(_NUMBER)
_HARAKAT = re.compile("[\u064b-\u0652]")


def _case(match: re.Match[str]) -> Case:
    """The case that the word in front of a number asks for."""
    before = _LAST_WORD.search(match.string, max(0, match.start() - 24), match.start())
    return Case.OBLIQUE if before and _PREPOSITION.fullmatch(_HARAKAT.sub("", before[1])) else Case.NOMINATIVE


def number_words(amount: str, *, feminine: bool = False, case: Case = Case.NOMINATIVE) -> str:
    """Return any plain figure ("7", "1,250", "3.5", "0045") in words; leading zeros and giants go digit by digit."""
    whole, _, fraction = amount.replace(",", "").partition(".")
    if len(whole) > len(str(LARGEST)) or (len(whole) > 1 and whole.startswith("0")):
        return " فاصلة ".join(digit_by_digit(part) for part in (whole, fraction) if part)
    if fraction.strip("0"):
        return decimal(int(whole), fraction.rstrip("0"), case=case)
    return cardinal(int(whole), feminine=feminine, case=case)


def _money(match: re.Match[str]) -> str:
    kind = currency(match["name"])
    said = money(match["amount"], kind, _case(match)) if kind else None
    return said or f"{number_words(match['amount'])} {match['name']}"


def _by_groups(number: str) -> str:
    """Groups stay together; a comma between them lets the voice breathe."""
    groups = re.findall(r"\d+", number)
    if len(groups) == 1 and len(groups[0]) > 5:
        digits = groups[0]
        groups = [digits[:-8], digits[-8:-4], digits[-4:]] if len(digits) > 8 else [digits[:-4], digits[-4:]]
    return "، ".join(digit_by_digit(group) for group in groups if group)


def _phone(match: re.Match[str]) -> str:
    return f"زائد {_by_groups(match[0])}" if match[0].startswith("+") else _by_groups(match[0])


def _numbered(match: re.Match[str]) -> str:
    digits = match["digits"]
    said = number_words(digits) if digits.isdigit() and len(digits) < 3 else _by_groups(digits)
    return f"{match['lead'].replace('#', 'رقم ')}{said}"


def _counted(match: re.Match[str]) -> str:
    amount, word = match["amount"], match["noun"]
    noun = NOUNS.get(word) or NOUNS.get(word.lower())
    whole = amount.replace(",", "")
    if noun and whole.isdigit() and int(whole) <= LARGEST and not (len(whole) > 1 and whole.startswith("0")):
        return counted(int(whole), noun, _case(match))
    feminine = noun.feminine if noun else word.endswith(("ة", "ات"))
    shown = noun.one if noun else word + match["marks"]
    return f"{number_words(amount, feminine=feminine, case=_case(match))} {shown}"


def _percent(match: re.Match[str]) -> str:
    return f"{number_words(match['amount'] or match['behind'], case=_case(match))} في المئة"


def _code(match: re.Match[str]) -> str:
    return f"{' '.join(match['letters'])} {digit_by_digit(match['digits'])}"


def _attached(match: re.Match[str]) -> str:
    return {"ب": "بسعر ", "ل": "إلى ", "و": "و "}[match[1]]


def _strays(text: str) -> str:
    """Name what no pass claimed: digits that only some scripts have."""
    return "".join(f" {cardinal(unicodedata.digit(c))} " if c.isdigit() else c for c in text)


def speak_figures(text: str) -> str:
    """Return an Arabic text (Latin digits, no markup) with every figure in words."""
    text = _ATTACHED.sub(_attached, text)
    text = _PHONE.sub(_phone, _NUMBERED_THING.sub(_numbered, text))
    text = speak_times(speak_dates(text))
    text = _RANGE.sub(r"\1 إلى ", text)
    text = _FRACTION.sub(lambda match: _FRACTIONS[match[1]], text)
    for pattern in (AFTER, BEFORE):
        text = pattern.sub(_money, text)
    text = _COUNTED.sub(_counted, _CODE.sub(_code, _PERCENT.sub(_percent, text)))
    text = _PLAIN.sub(lambda match: f" {number_words(match[0], case=_case(match))} ", text)
    return re.sub(r"(?<!\w)و (?=\w)", "و", _strays(text))
