"""Whether a caller is about to go."""

from __future__ import annotations

from core_pipeline.arabic.smalltalk import Courtesy, take_apart


def leaves(heard: str) -> bool:
    """Whether the caller says goodbye and nothing else that wants an answer."""
    remark = take_apart(heard)
    return Courtesy.GOODBYE in remark.courtesies and not remark.questions
