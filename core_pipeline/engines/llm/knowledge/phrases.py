"""The words of courtesy: the tenant's own, else the ready ones."""

from __future__ import annotations

from core_pipeline.arabic.smalltalk import Courtesy
from core_pipeline.contracts.engines import Ask
from core_pipeline.contracts.phrases import READY

# The customary answer to each greeting; it comes before the tenant's own greeting, or before the answer.
_RETURN = {
    Courtesy.PEACE: {"ar": "وعليكم السلام ورحمة الله وبركاته.", "en": "Peace be upon you too."},
    Courtesy.MORNING: {"ar": "صباح النور.", "en": "Good morning."},
    Courtesy.EVENING: {"ar": "مساء النور.", "en": "Good evening."},
    Courtesy.WELLBEING: {"ar": "بخير والحمد لله.", "en": "We are very well, thank you."},
    Courtesy.GREETING: {"ar": "أهلا بكم.", "en": "Hello."},
}
GREETINGS = frozenset(_RETURN)


def phrase(name: str, ask: Ask) -> str:
    """Return the tenant's words by that name, or ready ones in the language of the answer."""
    own = ask.phrases.get(name, "").strip()
    return own or READY[name]["ar" if ask.language == "ar" else "en"]


def returned(greeting: Courtesy, ask: Ask) -> str:
    """Return the customary answer to a greeting."""
    return _RETURN[greeting]["ar" if ask.language == "ar" else "en"]
