"""The tenants' connected numbers and bots, and the front door's quick look-up of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from errors import Impossible, NeedsOwner
from tenants import audit
from tenants.audit import Actor
from tenants.db import Database, scope_of
from tenants.models import ChannelAccount, Tenant, new_id
from tenants.vault import Vault, Where

Key = tuple[str, ...]


@dataclass(frozen=True)
class AccountRef:
    """All that routing needs to know about an account."""

    id: str
    tenant_id: str
    channel: str
    external_id: str
    active: bool


class AccountBook:
    """Finds accounts for the whole platform; remembers them, and their absence, for `ttl` seconds.

    Changes made through this book show at once; those of another process after `ttl`.
    """

    def __init__(self, db: Database, vault: Vault, *, ttl: float = 5.0, most: int = 10_000) -> None:
        self._db = db
        self._vault = vault
        self._ttl = ttl
        self._most = most
        self._known: dict[Key, tuple[float, AccountRef | None]] = {}
        self._changes = 0

    async def find(self, channel: str, external_id: str) -> AccountRef | None:
        """Find the active account by the vendor's name of it."""
        ref = await self._look_up(channel, external_id)
        return ref if ref and ref.active else None

    async def get(self, account_id: str) -> AccountRef | None:
        """Find an account by its id, active or not."""
        return await self._look_up(account_id)

    async def opened(self, account_id: str) -> tuple[ChannelAccount, dict[str, SecretStr]]:
        """Read an account with its secrets opened; `Impossible` if there is none, `SealBroken` if a seal is.

        One of a business that is switched off is given as switched off itself.
        """
        async with self._db.platform(reads=True) as session:
            account = await session.get(ChannelAccount, account_id)
            serving = account is not None and (await session.get_one(Tenant, account.tenant_id)).active
        if account is None:
            raise Impossible("account-missing")
        account.active = account.active and serving
        return account, {
            name: self._vault.open(token, _where(account_id, name)) for name, token in account.sealed.items()
        }

    async def connect(
        self,
        tenant_id: str,
        channel: str,
        external_id: str,
        title: str,
        config: Mapping[str, Any],
        secrets: Mapping[str, SecretStr | str],
        actor: Actor | None = None,
    ) -> str:
        """Keep the account and give its id; connecting it again replaces title, config and secrets.

        With an `actor` the deed is audited. Raises `NeedsOwner("account-taken")` if another tenant has it.
        """
        try:
            async with self._db.tenant(tenant_id) as session:
                account = await _of(session, channel, external_id)
                before = _told(account) if account.sealed or account.active else None
                account.title, account.config, account.active = title, dict(config), True
                account.sealed = self._seals(account.id, secrets)
                _note(session, actor, "channel.connect", account, before)
        except IntegrityError:
            raise NeedsOwner("account-taken", f"{channel} account belongs to another tenant") from None
        finally:
            self._forget()
        return account.id

    async def change(
        self,
        tenant_id: str,
        account_id: str,
        title: str,
        config: Mapping[str, Any],
        secrets: Mapping[str, SecretStr | str],
        actor: Actor,
    ) -> None:
        """Give an account another title and config; secrets that are not given stay as they were.

        Raises `Impossible("account-missing")`.
        """
        try:
            async with self._db.tenant(tenant_id) as session:
                account = await _own(session, account_id)
                before = _told(account)
                account.title, account.config = title, dict(config)
                account.sealed = {**account.sealed, **self._seals(account_id, secrets)}
                _note(session, actor, "channel.change", account, before, sorted(secrets))
        finally:
            self._forget()

    async def switch(self, tenant_id: str, account_id: str, active: bool, actor: Actor) -> None:
        """Stop or take up serving an account, whose secrets stay; `Impossible("account-missing")`."""
        try:
            async with self._db.tenant(tenant_id) as session:
                account = await _own(session, account_id)
                before, account.active = _told(account), active
                _note(session, actor, "channel.switch", account, before)
        finally:
            self._forget()

    async def list(self, tenant_id: str) -> list[ChannelAccount]:
        """Read a tenant's accounts, oldest first."""
        async with self._db.tenant(tenant_id, reads=True) as session:
            asked = select(ChannelAccount).order_by(col(ChannelAccount.created_at), col(ChannelAccount.id))
            return list((await session.scalars(asked)).all())

    async def everyone(self) -> Sequence[ChannelAccount]:
        """Read every tenant's active accounts, for what serves them all; none of businesses that are switched off."""
        asked = select(ChannelAccount).join(Tenant, col(Tenant.id) == col(ChannelAccount.tenant_id))
        asked = asked.where(col(ChannelAccount.active), col(Tenant.active)).order_by(col(ChannelAccount.id))
        async with self._db.platform(reads=True) as session:
            return (await session.scalars(asked)).all()

    async def disconnect(self, tenant_id: str, account_id: str, actor: Actor | None = None) -> None:
        """Stop serving the account and forget its secrets; its conversations stay."""
        try:
            async with self._db.tenant(tenant_id) as session:
                account = await _own(session, account_id)
                before = _told(account)
                account.active, account.sealed = False, {}
                _note(session, actor, "channel.disconnect", account, before)
        finally:
            self._forget()

    async def reseal(self) -> int:
        """Seal every secret with the vault's current key; return how many accounts were touched."""
        async with self._db.platform() as session:
            accounts: Sequence[ChannelAccount] = (await session.scalars(select(ChannelAccount))).all()
            touched = 0
            for account in accounts:
                fresh = {
                    name: self._vault.reseal(token, _where(account.id, name)) for name, token in account.sealed.items()
                }
                touched += fresh != account.sealed
                account.sealed = fresh
        return touched

    def _seals(self, account_id: str, secrets: Mapping[str, SecretStr | str]) -> dict[str, str]:
        return {name: self._vault.seal(plain, _where(account_id, name)) for name, plain in secrets.items()}

    async def _look_up(self, *key: str) -> AccountRef | None:
        known = self._known.get(key)
        if known is not None and monotonic() < known[0]:
            return known[1]
        changes = self._changes
        ref = await self._read(key)
        if changes == self._changes:
            self._remember(key, ref)
        return ref

    def _remember(self, key: Key, ref: AccountRef | None) -> None:
        # Strangers may ask for endless accounts that do not exist: start afresh rather than grow.
        if len(self._known) >= self._most:
            self._known.clear()
        self._known[key] = (monotonic() + self._ttl, ref)

    def _forget(self) -> None:
        self._known.clear()
        self._changes += 1

    async def _read(self, key: Key) -> AccountRef | None:
        asked = select(ChannelAccount, col(Tenant.active)).join(Tenant, col(Tenant.id) == col(ChannelAccount.tenant_id))
        if len(key) == 1:
            asked = asked.where(col(ChannelAccount.id) == key[0])
        else:
            asked = asked.where(col(ChannelAccount.channel) == key[0], col(ChannelAccount.external_id) == key[1])
        async with self._db.platform(reads=True) as session:
            found = (await session.execute(asked)).first()
        if found is None:
            return None
        account, serving = found
        return AccountRef(
            account.id, account.tenant_id, account.channel, account.external_id, account.active and serving
        )


async def _own(session: AsyncSession, account_id: str) -> ChannelAccount:
    account = await session.get(ChannelAccount, account_id)
    if account is None:
        raise Impossible("account-missing")
    return account


def _told(account: ChannelAccount) -> dict[str, Any]:
    """What the audit says of an account: which secrets there are, never what they are."""
    return {**account.model_dump(include={"title", "config", "active"}), "kept": sorted(account.sealed)}


def _note(
    session: AsyncSession,
    actor: Actor | None,
    action: str,
    account: ChannelAccount,
    before: Mapping[str, Any] | None,
    entered: Sequence[str] = (),
) -> None:
    if actor is not None:
        became = {**_told(account), **({"entered": list(entered)} if entered else {})}
        name = f"{account.channel}/{account.external_id}"
        audit.record(session, actor, action, name, before=before, after=became)


async def _of(session: AsyncSession, channel: str, external_id: str) -> ChannelAccount:
    """The tenant's account of that name, new if it has none."""
    asked = select(ChannelAccount).where(
        col(ChannelAccount.channel) == channel, col(ChannelAccount.external_id) == external_id
    )
    account = await session.scalar(asked)
    if account is None:
        account = ChannelAccount(id=new_id(), tenant_id=scope_of(session), channel=channel, external_id=external_id)
        session.add(account)
    return account


def _where(account_id: str, name: str) -> Where:
    return Where("channel_account", account_id, f"sealed.{name}")
