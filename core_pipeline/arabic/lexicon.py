"""What the words of `lexicon.toml` are to a search: silent, weak, or another word's equal."""

from __future__ import annotations

import tomllib
from pathlib import Path

from core_pipeline.arabic.normalise import normalise

_WORDS = tomllib.loads(Path(__file__).with_name("lexicon.toml").read_text(encoding="utf-8"))

STOP_WORDS = frozenset(normalise(" ".join(_WORDS["stop"].values())).split())
CUE_WORDS = frozenset(normalise(_WORDS["cues"]["words"]).split())
SAME_WORD = {
    form: normalise(head)
    for head, forms in _WORDS["same"].items()
    for form in (*normalise(forms).split(), normalise(head))
}
