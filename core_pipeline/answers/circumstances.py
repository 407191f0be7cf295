"""What an answer depends on besides the question: when any of it changes, the answer is not given again."""

from __future__ import annotations

import hashlib
import json

from tenants.models import Tenant

# Raise it when our own way of making answers changes.
_MAKING = 1


def base_of(tenant: Tenant) -> str:
    """A digest of the tenant's policy (persona, phrases, engines, voices), facts, names and knowledge as they are."""
    policy = json.dumps([tenant.policy, tenant.facts or {}], sort_keys=True, ensure_ascii=False)
    return _digest(str(_MAKING), policy, str(tenant.knowledge_version), tenant.name_ar, tenant.name_en)


def circumstances_of(tenant: Tenant, *more: str) -> str:
    """The tenant's digest with one of whatever else the answer depends on: engines set up, voice, sound format."""
    return f"{base_of(tenant)}.{_digest(*more)}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(part.replace("\x1f", " ") for part in parts).encode()).hexdigest()[:24]
