"""What every server and library of the Whisper family has in common: its languages, and how sure it says it is."""

from __future__ import annotations

from math import exp

_NAMES = """
    af afrikaans, am amharic, ar arabic, as assamese, az azerbaijani, ba bashkir, be belarusian, bg bulgarian,
    bn bengali, bo tibetan, br breton, bs bosnian, ca catalan, cs czech, cy welsh, da danish, de german, el greek,
    en english, es spanish, et estonian, eu basque, fa persian, fi finnish, fo faroese, fr french, gl galician,
    gu gujarati, ha hausa, he hebrew, hi hindi, hr croatian, ht haitian_creole, hu hungarian, hy armenian,
    id indonesian, is icelandic, it italian, ja japanese, jw javanese, ka georgian, kk kazakh, km khmer,
    kn kannada, ko korean, la latin, lb luxembourgish, ln lingala, lo lao, lt lithuanian, lv latvian, mg malagasy,
    mi maori, mk macedonian, ml malayalam, mn mongolian, mr marathi, ms malay, mt maltese, my myanmar, ne nepali,
    nl dutch, nn nynorsk, no norwegian, oc occitan, pa punjabi, pl polish, ps pashto, pt portuguese, ro romanian,
    ru russian, sa sanskrit, sd sindhi, si sinhala, sk slovak, sl slovenian, sn shona, so somali, sq albanian,
    sr serbian, su sundanese, sv swedish, sw swahili, ta tamil, te telugu, tg tajik, th thai, tk turkmen,
    tl tagalog, tr turkish, tt tatar, uk ukrainian, ur urdu, uz uzbek, vi vietnamese, yi yiddish, yo yoruba,
    zh chinese
"""

NAMES = {code: name.replace("_", " ") for code, name in (pair.split() for pair in _NAMES.split(","))}
LANGUAGES = frozenset(NAMES)
_CODES = {name: code for code, name in NAMES.items()}


def code_of(name: str) -> str | None:
    """Return the two-letter code of what Whisper calls a language ("arabic", "ar"); None when it knows no such one."""
    low = name.strip().lower()
    return low if low in NAMES else _CODES.get(low)


def confidence(mean_log_probability: float, no_speech: float) -> float:
    """Return in 0..1 how far to trust a stretch of text.

    That is the tokens' mean (geometric) probability, less the chance that nobody spoke at all. It is a measure of the
    network's doubt, not a calibrated chance of an error: above 0.8 is usual for clear speech, below 0.5 ask again.
    """
    return min(1.0, max(0.0, exp(min(0.0, mean_log_probability)) * (1 - min(1.0, max(0.0, no_speech)))))
