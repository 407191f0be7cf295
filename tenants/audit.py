"""What was done, by whom: written in the same unit of work as the deed itself, so that neither is without the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlmodel import col

from tenants.models import AuditEntry, Tenant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

HIDDEN = "•••"
PAGE = 50
_SECRETS = ("password", "secret", "token", "key", "sealed", "digest", "totp", "recovery", "csrf")


@dataclass(frozen=True)
class Actor:
    """Who does something: a person (`person_id`), or a key or a command (None), by name; `address` is theirs."""

    who: str
    person_id: str | None = None
    address: str = ""


@dataclass(frozen=True)
class Wanted:
    """Which deeds: of a tenant, of an agency with its tenants, or (neither) all; `action` is how it begins.

    `since` and `until` enclose times, the first one included. Entries older than the one numbered `before` only.
    """

    tenant_id: str = ""
    agency_id: str = ""
    who: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


async def listing(session: AsyncSession, wanted: Wanted, limit: int = PAGE) -> Sequence[AuditEntry]:
    """Deeds, newest first; a tenant's session sees its own only."""
    asked = select(AuditEntry).where(*_among(wanted))
    if wanted.before is not None:
        asked = asked.where(col(AuditEntry.id) < wanted.before)
    return (await session.scalars(asked.order_by(col(AuditEntry.id).desc()).limit(limit))).all()


async def doers(session: AsyncSession, wanted: Wanted, limit: int = 200) -> Sequence[str]:
    """Everybody who did something there, by name."""
    place = Wanted(tenant_id=wanted.tenant_id, agency_id=wanted.agency_id)
    asked = select(col(AuditEntry.who)).where(*_among(place)).distinct().order_by(col(AuditEntry.who)).limit(limit)
    return (await session.scalars(asked)).all()


def _among(wanted: Wanted) -> list[Any]:
    found: list[Any] = []
    if wanted.tenant_id:
        found.append(col(AuditEntry.tenant_id) == wanted.tenant_id)
    if wanted.agency_id:
        tenants = select(col(Tenant.id)).where(col(Tenant.agency_id) == wanted.agency_id)
        found.append((col(AuditEntry.agency_id) == wanted.agency_id) | col(AuditEntry.tenant_id).in_(tenants))
    if wanted.who:
        found.append(col(AuditEntry.who) == wanted.who)
    if wanted.action:
        found.append(col(AuditEntry.action).like(f"{_plain(wanted.action)}%", escape="/"))
    if wanted.since is not None:
        found.append(col(AuditEntry.at) >= wanted.since)
    if wanted.until is not None:
        found.append(col(AuditEntry.at) < wanted.until)
    return found


def _plain(text: str) -> str:
    """The text for LIKE, so that nothing in it stands for anything else."""
    return text.replace("/", "//").replace("%", "/%").replace("_", "/_")


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
