"""Arabic numbers as words: cardinals that agree with what they count, and ordinals.

Forms are those of modern standard Arabic read in pause, without harakat. `Case.NOMINATIVE` says "عشرون",
`Case.OBLIQUE` (after a preposition, or as an object) "عشرين".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

LARGEST = 999_999_999


class Case(Enum):
    """Which of the two endings duals and tens take."""

    NOMINATIVE = "nominative"
    OBLIQUE = "oblique"


@dataclass(frozen=True)
class Noun:
    """A counted thing: its singular, dual (nominative), plural for 3..10, accusative singular for 11..99, gender."""

    one: str
    two: str
    few: str
    many: str
    feminine: bool = False

    def dual(self, case: Case) -> str:
        """Return the dual in the case asked for."""
        return self.two if case is Case.NOMINATIVE else " ".join(_oblique_dual(word) for word in self.two.split())


def _oblique_dual(word: str) -> str:
    return f"{word[:-2]}ين" if word.endswith("ان") else word


_COUNTING = ["صفر", "واحد", "اثنان", "ثلاثة", "أربعة", "خمسة", "ستة", "سبعة", "ثمانية", "تسعة", "عشرة"]
_COUNTING_FEMININE = ["صفر", "واحدة", "اثنتان", "ثلاث", "أربع", "خمس", "ست", "سبع", "ثماني", "تسع", "عشر"]
_TENS = ["_", "_", "عشر", "ثلاث", "أربع", "خمس", "ست", "سبع", "ثمان", "تسع"]
_HUNDREDS = ["_", "مئة", "مئتان", "ثلاثمئة", "أربعمئة", "خمسمئة", "ستمئة", "سبعمئة", "ثمانمئة", "تسعمئة"]
_SCALES = (
    (1_000_000, Noun("مليون", "مليونان", "ملايين", "مليونا")),
    (1_000, Noun("ألف", "ألفان", "آلاف", "ألفا")),
)


def _teen(n: int, case: Case, *, feminine: bool) -> str:
    ten = "عشرة" if feminine else "عشر"
    if n == 11:
        return f"{'إحدى' if feminine else 'أحد'} {ten}"
    if n == 12:
        stem = "اثنت" if feminine else "اثن"
        return f"{stem}{'ا' if case is Case.NOMINATIVE else 'ي'} {ten}"
    return f"{_unit(n - 10, case, feminine=feminine)} {ten}"


def _unit(n: int, case: Case, *, feminine: bool) -> str:
    word = (_COUNTING_FEMININE if feminine else _COUNTING)[n]
    return _oblique_dual(word) if case is Case.OBLIQUE else word


def _below_hundred(n: int, case: Case, *, feminine: bool) -> str:
    if n <= 10:
        return _unit(n, case, feminine=feminine)
    if n < 20:
        return _teen(n, case, feminine=feminine)
    tens = _TENS[n // 10] + ("ون" if case is Case.NOMINATIVE else "ين")
    if n % 10 == 0:
        return tens
    unit = "إحدى" if feminine and n % 10 == 1 else _unit(n % 10, case, feminine=feminine)
    return f"{unit} و{tens}"


def _below_thousand(n: int, case: Case, *, feminine: bool) -> list[str]:
    parts = []
    if n >= 100:
        parts.append(_oblique_dual(_HUNDREDS[n // 100]) if case is Case.OBLIQUE else _HUNDREDS[n // 100])
    if n % 100:
        parts.append(_below_hundred(n % 100, case, feminine=feminine))
    return parts


def cardinal(n: int, *, feminine: bool = False, case: Case = Case.NOMINATIVE) -> str:
    """Return `n` (0..999,999,999) in words, in the form that counts a masculine or a feminine noun."""
    if not 0 <= n <= LARGEST:
        msg = f"{n} is outside 0..{LARGEST}"
        raise ValueError(msg)
    if n == 0:
        return _COUNTING[0]
    parts: list[str] = []
    for size, noun in _SCALES:
        if n >= size:
            parts.append(counted(n // size, noun, case, bare_one=True))
            n %= size
    return " و".join(parts + _below_thousand(n, case, feminine=feminine))


def _construct(words: str) -> str:
    """Return a number as it stands before its genitive: the dual loses its nun, "ألفا" its tanween."""
    head, _, last = words.rpartition(" ")
    last = {"ألفا": "ألف", "مليونا": "مليون", "وألفا": "وألف", "ومليونا": "ومليون"}.get(last, last)
    for dual in ("مئتان", "مئتين", "ألفان", "ألفين", "مليونان", "مليونين"):
        last = last.removesuffix(dual) + dual[:-1] if last.endswith(dual) else last
    return f"{head} {last}".strip()


def _rest(n: int, noun: Noun, case: Case) -> str:
    """The noun with 3..99, which need the number's word beside it."""
    number = _below_hundred(n, case, feminine=noun.feminine)
    return f"{number} {noun.few if n <= 10 else noun.many}"


def counted(n: int, noun: Noun, case: Case = Case.NOMINATIVE, *, bare_one: bool = False) -> str:
    """Return `n` things in words, number and noun in agreement; `bare_one` leaves out "واحد" with a single one."""
    if n == 1:
        return noun.one if bare_one else f"{noun.one} {'واحدة' if noun.feminine else 'واحد'}"
    if n == 2:
        return noun.dual(case)
    whole, rest = n - n % 100, n % 100
    if n == 0 or rest == 0:
        return f"{_construct(cardinal(n, case=case))} {noun.one}"
    if whole == 0:
        return _rest(rest, noun, case)
    if rest <= 2:
        return f"{counted(whole, noun, case)} و{counted(rest, noun, case, bare_one=True)}"
    return f"{cardinal(whole, case=case)} و{_rest(rest, noun, case)}"


_ORDINALS = ["الأول", "الثاني", "الثالث", "الرابع", "الخامس", "السادس", "السابع", "الثامن", "التاسع", "العاشر"]
_ORDINALS_FEMININE = [f"{word}ة" for word in _ORDINALS]
_ORDINALS_FEMININE[0] = "الأولى"


def _ordinal_unit(n: int, *, feminine: bool) -> str:
    if n == 1:
        return "الحادية" if feminine else "الحادي"
    return (_ORDINALS_FEMININE if feminine else _ORDINALS)[n - 1]


def ordinal(n: int, *, feminine: bool = False) -> str:
    """Return the definite ordinal of `n` (1..99), e.g. 12 → "الثانية عشرة" for an hour; tens are oblique."""
    if not 1 <= n <= 99:
        msg = f"{n} is outside 1..99"
        raise ValueError(msg)
    if n <= 10:
        return (_ORDINALS_FEMININE if feminine else _ORDINALS)[n - 1]
    if n < 20:
        return f"{_ordinal_unit(n - 10, feminine=feminine)} {'عشرة' if feminine else 'عشر'}"
    tens = f"ال{_TENS[n // 10]}ين"
    return tens if n % 10 == 0 else f"{_ordinal_unit(n % 10, feminine=feminine)} و{tens}"


def digit_by_digit(digits: str) -> str:
    """Return every digit's name in turn, as phone and order numbers are read out; other characters are ignored."""
    names = [_COUNTING[int(digit)] for digit in digits if digit in "0123456789"]
    return " ".join(names)


def decimal(whole: int, fraction: str, *, case: Case = Case.NOMINATIVE) -> str:
    """Return a decimal number in words; a fraction of up to two digits is read as a number, a longer one by digit."""
    head = f"{cardinal(whole, case=case)} فاصلة "
    if len(fraction) > 2 or fraction.startswith("0"):
        return head + digit_by_digit(fraction)
    return head + cardinal(int(fraction), case=case)
