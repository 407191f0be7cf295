"""Keys to the public API: made once, kept as digests, found again in constant time."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from time import monotonic

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from errors import Impossible
from tenants.db import Database, scope_of
from tenants.models import ApiKey, Tenant, now

SCOPES = (
    *("talk", "stages", "voices", "avatars", "calls", "notices"),
    *("inbox", "persona", "knowledge", "connect", "insight", "people", "admin"),
)
SECRET, PUBLIC = "sk_", "pk_"
KEY_BYTES = 32
SHOWN = 10
LONGEST_NAME = 80
NOTED_EVERY = timedelta(minutes=1)
_KEY = re.compile(rf"({SECRET}|{PUBLIC})[A-Za-z0-9_-]{{43}}")
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
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        raise Impossible("key-name", f"give the key a name of at most {LONGEST_NAME} letters")
    key = f"{PUBLIC if public else SECRET}{secrets.token_urlsafe(KEY_BYTES)}"
    row = ApiKey(
        tenant_id=scope_of(session),
        name=name.strip(),
        prefix=key[:SHOWN],
        digest=_digest(key),
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


class Keyring:
    """Tells whose a key is; remembers the answer, also that there is none, for `ttl` seconds."""

    def __init__(
        self, db: Database, *, ttl: float = 5.0, most: int = 10_000, clock: Callable[[], float] = monotonic
    ) -> None:
        self._db, self._ttl, self._most, self._clock = db, ttl, most, clock
        self._known: dict[str, tuple[float, KeyRef | None]] = {}
        self._noted: dict[str, float] = {}

    async def check(self, key: str) -> KeyRef | None:
        """Whose key this is; None for one that there is not, that was revoked, or whose tenant is switched off."""
        if not _KEY.fullmatch(key):
            return None
        digest = _digest(key)
        known = self._known.get(digest)
        if known is None or self._clock() >= known[0]:
            # Strangers may try endless keys: start afresh rather than grow.
            if len(self._known) >= self._most:
                self._known.clear()
            known = self._known[digest] = (self._clock() + self._ttl, await self._read(digest))
        if known[1] is not None:
            await self._note(known[1])
        return known[1]

    def forget(self) -> None:
        """Look every key up anew, for a key was just revoked here."""
        self._known.clear()

    async def _read(self, digest: str) -> KeyRef | None:
        asked = select(ApiKey).join(Tenant, col(Tenant.id) == col(ApiKey.tenant_id))
        asked = asked.where(col(ApiKey.digest) == digest, col(ApiKey.revoked_at).is_(None), col(Tenant.active))
        async with self._db.platform(reads=True) as session:
            row = await session.scalar(asked)
        if row is None or not hmac.compare_digest(row.digest, digest):
            return None
        return KeyRef(row.id, row.tenant_id, frozenset(row.scopes), row.public, frozenset(row.origins))

    async def _note(self, key: KeyRef) -> None:
        """Note when it was used, once a minute; a database that is busy must not cost the request."""
        every = NOTED_EVERY.total_seconds()
        if self._clock() - self._noted.get(key.id, -every) < every:
            return
        self._noted[key.id] = self._clock()
        try:
            async with self._db.tenant(key.tenant_id) as session:
                row = await session.get(ApiKey, key.id)
                if row is not None and (row.used_at is None or now() - row.used_at >= NOTED_EVERY):
                    row.used_at = now()
        except SQLAlchemyError:
            del self._noted[key.id]


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()
