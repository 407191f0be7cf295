"""Letters as files spell them, brought back to the plain alphabet: presentation forms, tatweel, stray marks."""

from __future__ import annotations

import re
import unicodedata

FORMS = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]")
ARABIC = re.compile("[\u0621-\u064a\u066e-\u06d3\ufb50-\ufdff\ufe70-\ufefc]")
_KEPT = frozenset("﴾﴿ﷺﷻ﷼﷽")
_MARK = "\u064b-\u065f\u0670"
_KASHIDA = re.compile(f"(?<=[\u0621-\u064a{_MARK}])\u0640+|\u0640+(?=[\u0621-\u064a])")
_STRAY_MARK = re.compile(f"(?<![\u0621-\u064a{_MARK}])[{_MARK}]+")
# Private-use letters are a font's own secret; surrogates and most controls no database takes.
_DEBRIS = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ue000-\uf8ff\ud800-\udfff]"
)
_BLANKS = re.compile("[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")


def has_forms(text: str) -> bool:
    """Whether a text is written with presentation forms."""
    return any(found not in _KEPT for found in FORMS.findall(text))


def plain_letter(letter: str) -> str:
    """Return the plain letters of one presentation form in reading order; anything else as it is."""
    if letter in _KEPT or not FORMS.match(letter):
        return letter
    return unicodedata.normalize("NFKC", letter).replace(" ", "")


def plain_letters(text: str) -> str:
    """Return `text` with presentation forms as plain letters; signs such as ﷺ and ﷼ stay."""
    return FORMS.sub(lambda form: plain_letter(form[0]), text)


def tidy(text: str) -> str:
    """Return one line without tatweel, marks that stand on no letter, controls and direction marks; single spaces."""
    text = _KASHIDA.sub("", _DEBRIS.sub("", text))
    return _BLANKS.sub(" ", _STRAY_MARK.sub("", text)).strip()


def _forms() -> dict[str, str]:
    """Which place in a word each presentation form is for: "<initial>", "<medial>", "<final>" or "<isolated>"."""
    marked = ((chr(code), unicodedata.decomposition(chr(code)).split()) for code in range(0xFB50, 0xFEFD))
    return {letter: parts[0] for letter, parts in marked if parts and parts[0].startswith("<")}


PLACE = _forms()
