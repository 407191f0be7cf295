"""The ready words of a bot whose tenant has not chosen its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core_pipeline.contracts.phrases import READY

if TYPE_CHECKING:
    from tenants.policy import Policy


def phrase(policy: Policy, name: str, language: str) -> str:
    """The tenant's words of this name in this language, else ours."""
    return policy.phrases.get(name, {}).get(language) or READY[name][language]


def phrases(policy: Policy, language: str) -> dict[str, str]:
    """All ready words in one language."""
    return {name: phrase(policy, name, language) for name in READY}
