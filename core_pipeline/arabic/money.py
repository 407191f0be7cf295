"""Amounts of money as Arabic words, with each currency's own subunit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from core_pipeline.arabic.numbers import LARGEST, Case, Noun, counted, decimal

_PIASTRE = Noun("قرش", "قرشان", "قروش", "قرشا")
_HALALA = Noun("هللة", "هللتان", "هللات", "هللة", feminine=True)
_FILS = Noun("فلس", "فلسان", "فلوس", "فلسا")
_DIRHAM = Noun("درهم", "درهمان", "دراهم", "درهما")
_BAISA = Noun("بيسة", "بيستان", "بيسات", "بيسة", feminine=True)
_CENT = Noun("سنت", "سنتان", "سنتات", "سنتا")
_POUND = Noun("جنيه", "جنيهان", "جنيهات", "جنيها")
_RIYAL = Noun("ريال", "ريالان", "ريالات", "ريالا")
_DINAR = Noun("دينار", "ديناران", "دنانير", "دينارا")
_DOLLAR = Noun("دولار", "دولاران", "دولارات", "دولارا")
_EURO = Noun("يورو", "اثنان يورو", "يورو", "يورو")


def _of(noun: Noun, adjective: str) -> Noun:
    return Noun(
        f"{noun.one} {adjective}",
        f"{noun.two} {adjective}ان",
        f"{noun.few} {adjective}ة",
        f"{noun.many} {adjective}ا",
    )


@dataclass(frozen=True)
class Currency:
    """A currency: its unit, its subunit, how many of these make one, and its English plural."""

    unit: Noun
    subunit: Noun
    parts: int
    english: str


CURRENCIES = {
    "EGP": Currency(_POUND, _PIASTRE, 100, "Egyptian pounds"),
    "SAR": Currency(_of(_RIYAL, "سعودي"), _HALALA, 100, "Saudi riyals"),
    "AED": Currency(_of(_DIRHAM, "إماراتي"), _FILS, 100, "UAE dirhams"),
    "KWD": Currency(_of(_DINAR, "كويتي"), _FILS, 1000, "Kuwaiti dinars"),
    "QAR": Currency(_of(_RIYAL, "قطري"), _DIRHAM, 100, "Qatari riyals"),
    "BHD": Currency(_of(_DINAR, "بحريني"), _FILS, 1000, "Bahraini dinars"),
    "OMR": Currency(_of(_RIYAL, "عماني"), _BAISA, 1000, "Omani rials"),
    "USD": Currency(_DOLLAR, _CENT, 100, "US dollars"),
    "EUR": Currency(_EURO, _CENT, 100, "euros"),
}
# Written without a country: the word alone is said, the subunit is the commonest one.
_PLAIN = {
    "riyal": Currency(_RIYAL, _HALALA, 100, "riyals"),
    "dirham": Currency(_DIRHAM, _FILS, 100, "dirhams"),
    "dinar": Currency(_DINAR, _FILS, 1000, "dinars"),
}
_SPELLINGS = {
    "EGP": r"EGP|L\.?E\.?|ج\.? ?م\.?|£E|جنيه(?:ات|ا|ًا|اً|ين)?(?: مصري(?:ة|ا)?)?",
    "SAR": r"SAR|SR|ر\.? ?س\.?|﷼|⃁|ريال(?:ات|ا|ًا|اً|ين)? سعودي(?:ة|ا|ين)?",
    "AED": r"AED|د\.? ?إ\.?|(?:درهم(?:ا|ًا|اً|ين)?|دراهم) (?:إ|ا)ماراتي(?:ة|ا|ين)?",
    "KWD": r"KWD|K\.?D\.?|د\.? ?ك\.?|(?:دينار(?:ا|ًا|اً|ين)?|دنانير) كويتي(?:ة|ا|ين)?",
    "QAR": r"QAR|QR|ر\.? ?ق\.?|ريال(?:ات|ا|ًا|اً|ين)? قطري(?:ة|ا|ين)?",
    "BHD": r"BHD|B\.?D\.?|د\.? ?ب\.?|(?:دينار(?:ا|ًا|اً|ين)?|دنانير) بحريني(?:ة|ا|ين)?",
    "OMR": r"OMR|ر\.? ?ع\.?|ريال(?:ات|ا|ًا|اً|ين)? عماني(?:ة|ا|ين)?",
    "USD": r"USD|US\$|\$|دولار(?:ات|ا|ًا|اً|ين)?(?: (?:أ|ا)مريكي(?:ة|ا|ين)?)?",
    "EUR": r"EUR|€|يورو",
    "riyal": r"ريال(?:ات|ا|ًا|اً|ين)?",
    "dirham": r"درهم(?:ا|ًا|اً|ين)?|دراهم",
    "dinar": r"دينار(?:ا|ًا|اً|ين)?|دنانير",
}
_END = r"(?![\w])"
_NAMES = {key: re.compile(f"(?:{spelling})", re.IGNORECASE) for key, spelling in _SPELLINGS.items()}
_ANY = "|".join(f"(?:{spelling})" for spelling in _SPELLINGS.values())
_AMOUNT = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
AFTER = re.compile(rf"(?<![\w.,])(?P<amount>{_AMOUNT})\s?(?P<name>{_ANY}){_END}", re.IGNORECASE)
BEFORE = re.compile(rf"(?<!\w)(?P<name>{_ANY})\s?(?P<amount>{_AMOUNT})(?![\w]|[.,]\d)", re.IGNORECASE)


def currency(name: str) -> Currency | None:
    """Return the currency that a code, a symbol or an Arabic word names."""
    for key, pattern in _NAMES.items():
        if pattern.fullmatch(name):
            return CURRENCIES.get(key) or _PLAIN[key]
    return None


def money(amount: str, kind: Currency, case: Case = Case.NOMINATIVE) -> str | None:
    """Return an amount such as "1,250.50" in words, or None if it is too large to say."""
    try:
        value = Decimal(amount.replace(",", ""))
    except InvalidOperation:
        return None
    whole = int(value)
    if whole > LARGEST:
        return None
    parts = (value - whole) * kind.parts
    if parts != int(parts):
        fraction = str(value.normalize()).partition(".")[2]
        return f"{decimal(whole, fraction, case=case)} {kind.unit.one}"
    if whole and parts:
        return f"{counted(whole, kind.unit, case, bare_one=True)} و{counted(int(parts), kind.subunit, case)}"
    return counted(int(parts), kind.subunit, case) if parts else counted(whole, kind.unit, case)
