"""A business's keys to the public API."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import monotonic

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from errors import Impossible
from tenants import keyring
from tenants.db import Database, scope_of
from tenants.keyring import SHOWN, Ring
from tenants.models import ApiKey, Tenant, now

SCOPES = (
    *("talk", "stages", "voices", "avatars", "calls", "notices"),
    *("inbox", "persona", "knowledge", "connect", "insight", "people", "admin"),
)
SECRET, PUBLIC = "sk_", "pk_"
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")


@dataclass(frozen=True)
class KeyRef:
    """Whose key it is and what it may do; a `public` one from its `origins` only."""

    id: str
    tenant_id: str
    scopes: frozenset[str]
    public: bool
    origins: frozenset[str]

    def may(self, scope: str) -> bool:
        """Whether it may do this; "admin" may do everything."""
        return scope in self.scopes or "admin" in self.scopes


async def make(
    session: AsyncSession, name: str, scopes: Iterable[str], *, public: bool = False, origins: Iterable[str] = ()
) -> tuple[str, ApiKey]:
    """Make a key and return it, which can't be read again, with its row.

    A public key may only talk. Raises `Impossible` for unknown scopes, origins that are none ("https://shop.example")
    and names that are empty or too long.
    """
    asked, allowed = list(dict.fromkeys(scopes)), [origin.strip().lower().rstrip("/") for origin in origins]
    wrong = [one for one in asked if one not in SCOPES]
    if wrong or not asked:
        raise Impossible("key-scopes", f"scopes are some of: {', '.join(SCOPES)}")
    if public and asked != ["talk"]:
        raise Impossible("key-public", "a public key may only talk: anybody can read it in the page")
    if any(not _ORIGIN.fullmatch(one) for one in allowed) or (allowed and not public):
        raise Impossible("key-origins", "origins are for public keys, written like https://shop.example")
    called, key = keyring.named(name), keyring.fresh(PUBLIC if public else SECRET)
    row = ApiKey(
        tenant_id=scope_of(session),
        name=called,
        prefix=key[:SHOWN],
        digest=keyring.digest_of(key),
        scopes=asked,
        public=public,
        origins=allowed,
    )
    session.add(row)
    return key, row


async def listing(session: AsyncSession) -> Sequence[ApiKey]:
    """The tenant's keys, newest first, revoked ones too."""
    scope_of(session)
    return (await session.scalars(select(ApiKey).order_by(col(ApiKey.created_at).desc(), col(ApiKey.id)))).all()


async def revoke(session: AsyncSession, key_id: str) -> None:
    """Refuse the key from now on (other processes within five seconds); `Impossible` when the tenant has none such."""
    scope_of(session)
    row = await session.get(ApiKey, key_id)
    if row is None:
        raise Impossible("key-missing", "list the tenant's keys: this is none of them")
    row.revoked_at = row.revoked_at or now()


class Keyring(Ring[KeyRef]):
    """Tells whose a business's key is."""

    prefixes = (SECRET, PUBLIC)

    def __init__(
        self, db: Database, *, ttl: float = 5.0, most: int = 10_000, clock: Callable[[], float] = monotonic
    ) -> None:
        super().__init__(ttl=ttl, most=most, clock=clock)
        self._db = db

    async def find(self, digest: str) -> KeyRef | None:
        """Whose key has this digest; None for one that was revoked, or whose tenant is switched off."""
        asked = select(ApiKey).join(Tenant, col(Tenant.id) == col(ApiKey.tenant_id))
        asked = asked.where(col(ApiKey.digest) == digest, col(ApiKey.revoked_at).is_(None), col(Tenant.active))
        async with self._db.platform(reads=True) as session:
            row = await session.scalar(asked)
        if row is None or not keyring.same(row, digest):
            return None
        return KeyRef(row.id, row.tenant_id, frozenset(row.scopes), row.public, frozenset(row.origins))

    async def note(self, key: KeyRef) -> None:
        """Write down that the key is used."""
        async with self._db.tenant(key.tenant_id) as session:
            keyring.used(await session.get(ApiKey, key.id))
