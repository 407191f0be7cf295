"""Telling the customer that a machine speaks, as often as the tenant's policy and the voice demand."""

from __future__ import annotations

from core_pipeline.contracts.phrases import READY
from tenants.policy import Policy
from voices.catalogue import is_clone

_PHRASE = "disclosure"


def disclosed(text: str, policy: Policy, language: str, *, first: bool) -> str:
    """Return the answer as it is to be spoken; `first` says whether it is the conversation's first spoken answer.

    With a voice by example the first answer says so whatever the policy: the customer may know its owner.
    """
    cloned = is_clone(policy.voice.get(language))
    if policy.disclosure == "always" or (first and (cloned or policy.disclosure == "first")):
        return f"{policy.phrases.get(_PHRASE, {}).get(language) or READY[_PHRASE][language]} {text}"
    return text
