"""What a mouth does for each sound: fifteen visemes, and the viseme of every phoneme there is (IPA)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Viseme: TypeAlias = Literal[
    "rest", "AA", "E", "I", "O", "U", "W", "MBP", "FV", "TH", "S", "SH", "L", "R", "K"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lips:
    """How a mouth is held; every part in 0..1.

    `open` is the jaw's fall, `spread` draws the corners apart, `pucker` pushes the lips forward and round, `press` shuts
    them firmly, `tuck` lays the lower lip to the upper teeth, `tongue` is its tip between the teeth, `lift` its tip
    behind the upper teeth, `teeth` how much of the teeth is seen.
    """

    open: float = 0.0
    spread: float = 0.0
    pucker: float = 0.0
    press: float = 0.0
    tuck: float = 0.0
    tongue: float = 0.0
    lift: float = 0.0
    teeth: float = 0.0


PARTS = tuple(Lips.__slots__)

VISEMES: dict[Viseme, Lips] = {
    "rest": Lips(),
    "AA": Lips(open=0.84, spread=0.12, teeth=0.6),
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

_LETTERS: dict[str, Viseme] = {
    letter: viseme
    for viseme, letters in (
        ("AA", "aæɑɐʌɶäɒ"),
        ("E", "eɛɜəɚɘɞɝɤ"),
        ("I", "iɪᵻyʏɨj"),
        ("O", "oɔɵ"),
        ("U", "uʊʉɯᵿø œ"),
        ("W", "wʍɥɰ"),
        ("MBP", "mbpɓʙʘɱ"),
        ("FV", "fvⱱʋɸβ"),
        ("TH", "θð"),
        ("S", "szntdɲɳɾɗʈɖʂʐǃǀǂ"),
        ("SH", "ʃʒɕʑɧ"),
        ("L", "lɫɭʎɬɮʟɺǁ"),
        ("R", "rɹɻʀɽʁ"),
        ("K", "kgɡqɢŋɴxɣχħʕʔhɦʜʢʡcɟçʝɠʛ"),
    )
    for letter in letters
    if letter != " "
}  # type: ignore[assignment,unused-ignore] # the pairs' first parts are visemes
_BREATHS = frozenset("hɦħʕʔʜʢʡ")
_VOWELS = frozenset(("AA", "E", "I", "O", "U"))
_SILENCES = frozenset(("", "_", "sil", "sp", "spn", "pau", "<pad>", "|"))
_EMPHATIC, _LONG, _STRESS, _HALF_STRESS, _ROUND = "ˤ", "ː", "ˈ", "ˌ", "ʷ"
