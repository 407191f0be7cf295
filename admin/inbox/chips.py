"""What a customer's words show of them: mood and dialect."""

from __future__ import annotations

from core_pipeline.arabic.dialects import ARABIZI, STANDARD, dialect_of
from core_pipeline.arabic.temper import is_angry
from core_pipeline.thinking.mood import mood_of

# Each chip's words are a message of the catalogue; the tone is a tag's.
DIALECTS = {
    "egyptian": "Egyptian",
    "gulf": "Gulf",
    "levantine": "Levantine",
    "maghrebi": "Maghrebi",
    "iraqi": "Iraqi",
    ARABIZI: "Arabizi",
}


def chips_of(text: str) -> tuple[tuple[str, str], ...]:
    """What is worth showing of a message: pairs of a message's source text and a tone."""
    if not text:
        return ()
    found: list[tuple[str, str]] = []
    if is_angry(text):
        found.append(("Angry", "bad"))
    elif mood_of(text) == "thankful":
        found.append(("Thankful", "good"))
    dialect = dialect_of(text)
    if dialect is not None and dialect != STANDARD and dialect in DIALECTS:
        found.append((DIALECTS[dialect], "quiet"))
    return tuple(found)
