"""Trying a bot: a question goes the way of a customer's message, and leaves nothing behind but what it took."""

from core_pipeline.tryout.listening import Rehearsed, rehearsed
from core_pipeline.tryout.tried import Asked, Found, Stand, Tried
from core_pipeline.tryout.trying import LONGEST_QUESTION, LONGEST_SOUND, film, generating, tried, unsaved

__all__ = [
    "LONGEST_QUESTION",
    "LONGEST_SOUND",
    "Asked",
    "Found",
    "Rehearsed",
    "Stand",
    "Tried",
    "film",
    "generating",
    "rehearsed",
    "tried",
    "unsaved",
]
