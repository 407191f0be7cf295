"""When a person is asked to take over without being asked for, by the tenant's rules."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core_pipeline.arabic.normalise import normalise
from core_pipeline.arabic.temper import is_angry
from core_pipeline.opening import open_at
from core_pipeline.thinking.words import phrase

if TYPE_CHECKING:
    from tenants.policy import Policy

# What Arabic writes together with the word behind it: and, so, with, for, like, the.
_JOINED = r"(?:[وف]?(?:[بكل]?ال|لل|[بكل])?)?"


def by_rule(policy: Policy, heard: str) -> str | None:
    """Which rule hands these words over: "words", "angry", or None."""
    said = " ".join(re.sub(r"[^\w\s]", " ", normalise(heard)).split())
    if any(_holds(said, word) for word in policy.handoff.words):
        return "words"
    return "angry" if policy.handoff.angry and is_angry(heard) else None


def too_often(policy: Policy, unknown_before: int) -> bool:
    """Whether one more answer that we don't know, after so many in a row, is one too many."""
    return 0 < policy.handoff.after_unknown <= unknown_before + 1


def people_now(policy: Policy, at: datetime | None = None) -> bool:
    """Whether a person may be asked to take over now."""
    return policy.handoff.when_closed or open_at(policy, at or datetime.now(UTC))


def words_for(policy: Policy, language: str, at: datetime | None = None) -> str:
    """What a customer is told who wants a person: that one was asked, when there is one, or both."""
    closed = not open_at(policy, at or datetime.now(UTC))
    handed = phrase(policy, "handed", language) if people_now(policy, at) else ""
    return " ".join(part for part in (handed, phrase(policy, "closed_note", language) if closed else "") if part)


def _holds(said: str, word: str) -> bool:
    wanted = " ".join(re.sub(r"[^\w\s]", " ", normalise(word)).split())
    return bool(wanted) and re.search(rf"(?<!\w){_JOINED}{re.escape(wanted)}(?!\w)", said) is not None
