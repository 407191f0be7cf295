"""What a mouth does for each sound: fifteen visemes, and the visemes of every phoneme there is (IPA)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, fields, replace
from typing import Literal, TypeAlias

Viseme: TypeAlias = Literal[
    "rest", "AA", "E", "I", "O", "U", "W", "MBP", "FV", "TH", "S", "SH", "L", "R", "K"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lips:
    """How a mouth is held; every part in 0..1.

    `open` is the jaw's fall, `spread` draws the corners apart, `pucker` pushes the lips forward and round, `press`
    shuts them firmly, `tuck` lays the lower lip to the upper teeth, `tongue` is its tip between the teeth, `lift` its
    tip behind the upper teeth, `teeth` how much of the teeth is seen.
    """

    open: float = 0.0
    spread: float = 0.0
    pucker: float = 0.0
    press: float = 0.0
    tuck: float = 0.0
    tongue: float = 0.0
    lift: float = 0.0
    teeth: float = 0.0


PARTS = tuple(part.name for part in fields(Lips))

VISEMES: dict[Viseme, Lips] = {
    "rest": Lips(),
    "AA": Lips(open=0.86, spread=0.12, teeth=0.6),
    "E": Lips(open=0.5, spread=0.5, teeth=0.9),
    "I": Lips(open=0.28, spread=0.85, teeth=1.0),
    "O": Lips(open=0.6, pucker=0.62, teeth=0.25),
    "U": Lips(open=0.25, pucker=0.92, teeth=0.1),
    "W": Lips(open=0.11, pucker=1.0),
    "MBP": Lips(press=1.0),
    "FV": Lips(open=0.14, tuck=1.0, teeth=1.0),
    "TH": Lips(open=0.26, spread=0.1, tongue=1.0, teeth=0.9),
    "S": Lips(open=0.15, spread=0.4, teeth=1.0),
    "SH": Lips(open=0.22, pucker=0.58, teeth=1.0),
    "L": Lips(open=0.36, spread=0.12, lift=1.0, teeth=0.75),
    "R": Lips(open=0.27, pucker=0.3, lift=0.5, teeth=0.6),
    "K": Lips(open=0.3, spread=0.08, teeth=0.55),
}

_SOUNDS: dict[Viseme, str] = {
    "AA": "aæɑɐʌɶɒä",
    "E": "eɛɜəɚɘɞɝɤ",
    "I": "iɪᵻyʏɨj",
    "O": "oɔɵœø",
    "U": "uʊʉɯᵿ",
    "W": "wʍɥɰ",
    "MBP": "mbpɓʙʘ",
    "FV": "fvɱⱱʋɸβ",
    "TH": "θð",
    "S": "szntdɲɳɗʈɖʂʐǃǀǂ",
    "SH": "ʃʒɕʑɧ",
    "L": "lɫɭʎɬɮʟɺǁ",
    "R": "rɹɻʀɽɾ",
    "K": "kgɡqɢŋɴxɣχʁcɟçʝɠʛhɦħʕʔʜʢʡ",
}
_VISEME = {letter: viseme for viseme, letters in _SOUNDS.items() for letter in letters}
_BREATHS = frozenset("hɦħʕʔʜʢʡ")
_VOWELS: frozenset[Viseme] = frozenset(("AA", "E", "I", "O", "U"))
_SILENCES = frozenset(("sil", "sp", "spn", "pau"))
_EMPHATIC, _ROUNDED, _LONG, _STRESS, _HALF_STRESS = "ˤ", "ʷ", "ː", "ˈ", "ˌ"


@dataclass(frozen=True, slots=True)
class Sound:
    """One target of the mouth; a `breath` (throat sounds: h, ħ, ʕ, ʔ) lets the neighbouring vowels shape it."""

    viseme: Viseme
    lips: Lips
    breath: bool = False

    @property
    def vowel(self) -> bool:
        """Whether the voice rings freely."""
        return self.viseme in _VOWELS


def sounds(phoneme: str) -> tuple[Sound, ...]:
    """Return the targets of a phoneme in order, two or three for a diphthong; none for a pause.

    A letter that no table knows is a sound all the same: by the letter it is made of, else as one made in the throat.
    """
    if phoneme.strip().lower() in _SILENCES:
        return ()
    letters = [(letter, _viseme(letter)) for letter in unicodedata.normalize("NFD", phoneme)]
    found = [(letter, viseme) for letter, viseme in letters if viseme is not None]
    if len(found) > 1 and found[-1][1] == "SH":
        found = found[-1:]  # the t and d of an affricate are not seen
    return tuple(Sound(viseme, _coloured(viseme, phoneme), letter in _BREATHS) for letter, viseme in found)


def stressed(phoneme: str) -> bool:
    """Whether the phoneme carries its word's main stress."""
    return _STRESS in phoneme


def _viseme(letter: str) -> Viseme | None:
    if letter in _VISEME:
        return _VISEME[letter]
    if unicodedata.category(letter) not in {"Ll", "Lu", "Lo"}:
        return None
    plain = unicodedata.normalize("NFKD", letter).lower()[:1]
    return _VISEME.get(plain, "K")


def _coloured(viseme: Viseme, phoneme: str) -> Lips:
    lips = VISEMES[viseme]
    if viseme in _VOWELS:
        lips = replace(lips, open=lips.open * _strength(phoneme))
    if _EMPHATIC in phoneme or _ROUNDED in phoneme:
        lips = replace(lips, spread=0.0, pucker=min(1.0, lips.pucker + 0.25))
    return lips


def _strength(phoneme: str) -> float:
    if _STRESS in phoneme:
        return 1.0
    return 0.92 if _LONG in phoneme or _HALF_STRESS in phoneme else 0.84
