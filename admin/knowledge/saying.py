"""What is wrong, in the visitor's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core_pipeline.telling import status_of, told

if TYPE_CHECKING:
    from admin.frame.visit import Visit
    from core_pipeline.knowledge.sheets.fields import Fault
    from errors import SawtakError

FAULT_WORDS = {
    "needed": "This is needed.",
    "needed-any": "Write it in Arabic or in English, or in both.",
    "too-long": "This is too long. Shorten it.",
    "too-many": "At most 30 other ways to ask, each of at most 300 letters.",
    "key": "This key can’t be used: leave it empty for a new row.",
    "price": "This is no price. Write it like 50 or 49.50.",
    "currency": "The price is in another currency than this.",
    "available": "Write yes or no.",
}


def fault(visit: Visit, found: Fault) -> str:
    """What is wrong with a field."""
    return visit._(FAULT_WORDS[found.code])


def why(visit: Visit, error: SawtakError) -> str:
    """What went wrong, and what to do."""
    return told(error.code, status_of(error), visit.language, error.detail)
