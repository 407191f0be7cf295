"""What was done, by whom: written in the same unit of work as the deed itself, so that neither is without the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenants.models import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncSession

HIDDEN = "•••"
_SECRETS = ("password", "secret", "token", "key", "sealed", "digest", "totp", "recovery", "csrf")


@dataclass(frozen=True)
class Actor:
    """Who does something: a person (`person_id`), or a key or a command (None), by name; `address` is theirs."""

    who: str
    person_id: str | None = None
    address: str = ""


def record(
    session: AsyncSession,
    actor: Actor,
    action: str,
    thing: str = "",
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    tenant_id: str | None = None,
    agency_id: str | None = None,
) -> None:
    """Note a deed ("knowledge.entry.save"), to what, and what changed; what looks like a secret is left out.

    Of `before` and `after` only what differs is kept. A tenant's session notes it for that tenant.
    """
    was, became = _differing(before, after)
    session.add(
        AuditEntry(
            tenant_id=tenant_id or session.info.get("scope"),
            agency_id=agency_id,
            person_id=actor.person_id,
            who=actor.who,
            action=action,
            thing=thing,
            before=was,
            after=became,
            address=actor.address,
        )
    )


def _differing(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    if before is None or after is None:
        return (_clean(before) if before is not None else None, _clean(after) if after is not None else None)
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    return (
        _clean({name: before[name] for name in before if name in changed}),
        _clean({name: after[name] for name in after if name in changed}),
    )


def _clean(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without anything that is named like a secret, at any depth."""
    return {
        str(name): HIDDEN if _secret(str(name)) else _clean(value) if isinstance(value, dict) else value
        for name, value in values.items()
    }


def _secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRETS)
