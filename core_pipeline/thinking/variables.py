"""A tenant's words with everything filled in that they name in braces: as of now, for this customer."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from babel.dates import format_date

from core_pipeline.contracts.phrases import READY
from core_pipeline.opening import hours_today, local
from core_pipeline.thinking.words import phrase
from tenants.policy import Policy
from tenants.trades import title_of
from tenants.variables import BRACED, VARIABLES, named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tenants.models import Tenant

LANGUAGES = ("ar", "en")
# Ready words that engines answer with.
ENGINES_SAY = ("greeting", "thanks", "goodbye", "unknown", "repeat")
# What an empty value leaves behind: "Hello !", two spaces, a line of nothing but a comma.
_LEFT = re.compile(r"[ \t]+(?=[،,.!?؟:؛;])|(?<=[ \t])[ \t]+|[ \t]+$", re.MULTILINE)
_WITH_STOP = re.compile(rf"{BRACED.pattern}(\.?)")
# Sentences with the space behind them.
_SENTENCES = re.compile(r"(?<=\n)|(?<=[.!?؟]\s)")
_NO_NAME = re.compile(r"[^\w\s'’-]|[\d_]")
_LONGEST_NAME = 40


def values(
    tenant: Tenant, policy: Policy, language: str, customer: str = "", at: datetime | None = None
) -> dict[str, str]:
    """What each variable becomes in this language; "" for what is not known."""
    now = at or datetime.now(UTC)
    facts = tenant.facts or {}
    told = {name: facts.get(f"{name}_{language}") or facts.get(name) or "" for name in VARIABLES}
    return {
        **told,
        "business": tenant.name_ar if language == "ar" else tenant.name_en,
        "trade": title_of(told["trade"], language),
        "hours_today": hours_today(policy, now, language),
        "date": str(format_date(local(policy, now).date(), "EEEE d MMMM y", locale=language)),
        "customer_name": " ".join(_NO_NAME.sub(" ", customer).split())[:_LONGEST_NAME],
    }


def filled_in(text: str, known: Mapping[str, str]) -> str:
    """The text with its variables filled in; a name that is no variable stays as it is, in its braces.

    A sentence about what the business has not told ("Call us on {phone}.") is left out, where others remain.
    """
    if not named(text):
        return text
    untold = {name for name, value in known.items() if not value} - {"customer_name"}
    parts = [part for part in _SENTENCES.split(text) if not untold & set(named(part))]
    kept = "".join(parts) if any(part.strip() for part in parts) else text
    return _LEFT.sub("", _WITH_STOP.sub(lambda found: _value(found, known), kept)).strip()


def _value(found: re.Match[str], known: Mapping[str, str]) -> str:
    """What stands for a variable; a sentence of its own brings its own full stop."""
    value = known.get(found[1])
    return found[0] if value is None else value if value.endswith(found[2] or "\0") else f"{value}{found[2]}"


def filled(tenant: Tenant, policy: Policy, customer: str = "", at: datetime | None = None) -> Policy:
    """The policy with its persona and all ready words filled in."""
    known = {language: values(tenant, policy, language, customer, at) for language in LANGUAGES}
    persona = {language: filled_in(text, known.get(language, {})) for language, text in policy.persona.items()}
    said = {name: dict(words) for name, words in policy.phrases.items()}
    for name in READY:
        for language in LANGUAGES:
            if named(raw := phrase(policy, name, language)):
                said.setdefault(name, {})[language] = filled_in(raw, known[language])
    return policy.model_copy(update={"persona": persona, "phrases": said})


def policy_of(tenant: Tenant, customer: str = "", at: datetime | None = None) -> Policy:
    """How the tenant wants its customers served, in words that are ready to be said."""
    return filled(tenant, Policy.model_validate(tenant.policy), customer, at)


def differing(raw: Policy, said: Policy) -> tuple[str, ...]:
    """What variables made of the words that engines see, as an answer depends on it; nothing where they name none."""
    words = _said(said)
    return tuple(words) if words != _said(raw) else ()


def _said(policy: Policy) -> list[str]:
    told = (policy.persona, *(policy.phrases.get(name, {}) for name in ENGINES_SAY))
    return [text for one in told for _, text in sorted(one.items())]


def fixed(policy: Policy) -> str | None:
    """The one language in which the tenant answers everybody; None where it is the customer's."""
    return None if policy.answers_in == "customer" else policy.answers_in
