"""Prices as people write them: Arabic digits, currency words and signs before or after."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from core_pipeline.arabic.normalise import latin_digits

_AMOUNT = r"\d{1,3}(?:[,\u00a0 ]\d{3})+(?:\.\d{1,3})?|\d{1,9}(?:[.,]\d{1,3})?"
_PRICE = re.compile(
    rf"(?P<before>[^\d\-]{{0,30}}?)\s*(?P<amount>{_AMOUNT})(?:\s*[/]-|/=)?\s*(?P<after>[^\d\-]{{0,30}})"
)
_FREE = frozenset({"free", "مجانا", "مجاني", "مجانية", "مجاناً", "gratis"})
_THOUSANDS = re.compile(r"(?<=\d)[,\u00a0 ](?=\d{3}(?:\D|$))")
_SPELLED = {
    "EGP": r"egp|l\.?e\.?|£e|ج\.? ?م\.?|جنيه(?:ات|ا)?(?: مصري[ةا]?)?|egyptian pounds?",
    "SAR": r"sar|sr|ر\.? ?س\.?|﷼|⃁|ريال(?:ات|ا)? سعودي[ةا]?|saudi riyals?",
    "AED": r"aed|dhs?\.?|د\.? ?[إا]\.?|(?:درهم|دراهم|درهما) [إا]ماراتي[ةا]?|uae dirhams?",
    "KWD": r"kwd|k\.?d\.?|د\.? ?ك\.?|(?:دينار|دنانير|دينارا) كويتي[ةا]?|kuwaiti dinars?",
    "QAR": r"qar|qr|ر\.? ?ق\.?|ريال(?:ات|ا)? قطري[ةا]?|qatari riyals?",
    "BHD": r"bhd|b\.?d\.?|د\.? ?ب\.?|(?:دينار|دنانير|دينارا) بحريني[ةا]?|bahraini dinars?",
    "OMR": r"omr|ر\.? ?ع\.?|ريال(?:ات|ا)? عماني[ةا]?|omani rials?",
    "JOD": r"jod|j\.?d\.?|د\.? ?أ\.?|(?:دينار|دنانير|دينارا) [أا]ردني[ةا]?|jordanian dinars?",
    "USD": r"usd|us\$|\$|دولار(?:ات|ا)?(?: [أا]مريكي[ةا]?)?|(?:us )?dollars?",
    "EUR": r"eur|€|يورو|euros?",
    "GBP": r"gbp|£|جنيه(?:ات|ا)? [إا]سترليني[ةا]?|pounds? sterling",
    "ريال": r"ريال(?:ات|ا)?|riyals?|rials?",
    "درهم": r"درهم|دراهم|درهما|dirhams?",
    "دينار": r"دينار|دنانير|دينارا|dinars?",
}
_CURRENCIES = {code: re.compile(spelling, re.IGNORECASE) for code, spelling in _SPELLED.items()}
_ACCENTS = re.compile("[\u064b-\u0652]")
_AROUND = " :.-–()[]*"


@dataclass(frozen=True)
class Price:
    """An amount as a plain decimal; `currency` is a code, or a name that leaves the country open ("ريال"), or ""."""

    amount: Decimal
    currency: str = ""


def currency_of(text: str) -> str:
    """Return the code of the currency that a text names and nothing else; "" for any other text."""
    bare = _ACCENTS.sub("", text).strip(_AROUND)
    for spelling in dict.fromkeys((bare, text.strip())):
        for code, pattern in _CURRENCIES.items():
            if pattern.fullmatch(spelling):
                return code
    return ""


def price_of(text: str) -> Price | None:
    """Return the one price in a text, None when it holds none, several, or anything besides."""
    plain = " ".join(latin_digits(text).split()).strip()
    if _ACCENTS.sub("", plain).lower() in _FREE:
        return Price(Decimal(0))
    found = _PRICE.fullmatch(plain)
    if found is None:
        return None
    around = [side.strip(_AROUND) for side in (found["before"], found["after"])]
    named = [currency_of(side) for side in around if side]
    if len(named) > 1 or "" in named:
        return None
    amount = _THOUSANDS.sub("", found["amount"]).replace(",", ".")
    return Price(Decimal(amount), named[0] if named else "")
