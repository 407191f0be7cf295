"""Engines that a tenant set up for themselves: which of them, how, and with whose key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from errors import Impossible
from tenants import audit
from tenants.audit import Actor
from tenants.db import Database, scope_of
from tenants.models import EngineAccount, Tenant, new_id
from tenants.policy import Policy
from tenants.vault import Vault, Where


@dataclass(frozen=True)
class Own:
    """A tenant's choice: chains of engines by kind, and configurations with opened secrets by (kind, name)."""

    chains: Mapping[str, str] = field(default_factory=dict)
    configs: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)


class EngineBook:
    """Reads and keeps tenants' engines; their secrets lie sealed."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    async def of(self, tenant_id: str) -> Own:
        """Read what the tenant chose; nothing for a tenant that is gone."""
        async with self._db.tenant(tenant_id, reads=True) as session:
            tenant = await session.get(Tenant, tenant_id)
            rows = (await session.scalars(select(EngineAccount))).all()
        if tenant is None:
            return Own()
        return Own(
            Policy.model_validate(tenant.policy).engines, {(row.kind, row.name): self._config(row) for row in rows}
        )

    async def keep(
        self,
        tenant_id: str,
        kind: str,
        name: str,
        config: Mapping[str, Any],
        secrets: Mapping[str, SecretStr | str],
        actor: Actor | None = None,
    ) -> str:
        """Keep the tenant's set-up of an engine and give its id; doing it again replaces it.

        Secrets that are not given stay as they were, unless the engine's address changes: a key goes only where it was
        entered for. With an `actor` the deed is audited.
        """
        async with self._db.tenant(tenant_id) as session:
            row = await _row(session, kind, name)
            fresh = {key: self._vault.seal(plain, _where(row.id, key)) for key, plain in secrets.items()}
            before = {"config": row.config, "kept": sorted(row.sealed)}
            row.config, row.sealed = dict(config), {**still_sealed(row, config), **fresh}
            after = {"config": row.config, "kept": sorted(row.sealed), "entered": sorted(secrets)}
            _note(session, actor, "engine.keep", f"{kind}/{name}", before, after)
        return row.id

    async def forget(self, tenant_id: str, kind: str, name: str, actor: Actor | None = None) -> None:
        """Delete the tenant's set-up of an engine with its secrets; `Impossible` if there is none."""
        async with self._db.tenant(tenant_id) as session:
            row = await _find(session, kind, name)
            if row is None:
                raise Impossible("engine-account-missing", f"{kind} engine {name} has no set-up of its own")
            await session.delete(row)
            _note(session, actor, "engine.forget", f"{kind}/{name}", {"config": row.config}, None)

    async def kept(self, tenant_id: str) -> dict[tuple[str, str], EngineAccount]:
        """The tenant's own set-ups by kind and name, secrets sealed."""
        async with self._db.tenant(tenant_id, reads=True) as session:
            rows = (await session.scalars(select(EngineAccount))).all()
        return {(row.kind, row.name): row for row in rows}

    def _config(self, row: EngineAccount) -> dict[str, Any]:
        opened = {key: self._vault.open(token, _where(row.id, key)) for key, token in row.sealed.items()}
        return {**row.config, **opened}


def _note(
    session: AsyncSession,
    actor: Actor | None,
    action: str,
    thing: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    if actor is not None:
        audit.record(session, actor, action, thing, before=before, after=after)


def still_sealed(row: EngineAccount, config: Mapping[str, Any]) -> dict[str, str]:
    """The secrets that may stay when the engine is set up like this: all, or none where an address changed."""
    return dict(row.sealed) if _addresses(row.config) == _addresses(config) else {}


def _addresses(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    named = ((name, repr(value)) for name, value in config.items())
    return sorted((name, value) for name, value in named if "://" in value or name in {"host", "url", "base_url"})


async def _find(session: AsyncSession, kind: str, name: str) -> EngineAccount | None:
    asked = select(EngineAccount).where(col(EngineAccount.kind) == kind, col(EngineAccount.name) == name)
    return await session.scalar(asked)


async def _row(session: AsyncSession, kind: str, name: str) -> EngineAccount:
    row = await _find(session, kind, name)
    if row is None:
        row = EngineAccount(id=new_id(), tenant_id=scope_of(session), kind=kind, name=name)
        session.add(row)
    return row


def _where(row_id: str, name: str) -> Where:
    return Where("engine_account", row_id, f"sealed.{name}")
