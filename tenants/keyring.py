"""What all keys to the API have in common: made of chance, kept as digests, found again in constant time."""

from __future__ import annotations

import hmac
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from datetime import timedelta
from hashlib import sha256
from time import monotonic
from typing import Generic, Protocol, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from errors import Impossible
from tenants.models import ApiKey, HouseKey, now

KEY_BYTES, KEY_LETTERS = 32, 43
SHOWN = 10
LONGEST_NAME = 80
NOTED_EVERY = timedelta(minutes=1)


class Ref(Protocol):
    """What is known of a key that is good."""

    @property
    def id(self) -> str: ...  # noqa: D102 - the key's own


Known = TypeVar("Known", bound=Ref)


def fresh(prefix: str) -> str:
    """A new key that begins so."""
    return f"{prefix}{secrets.token_urlsafe(KEY_BYTES)}"


def digest_of(key: str) -> str:
    """All that is kept of a key."""
    return sha256(key.encode()).hexdigest()


def same(row: ApiKey | HouseKey | None, digest: str) -> bool:
    """Whether the row is of this very key, told in constant time."""
    return row is not None and hmac.compare_digest(row.digest, digest)


def named(name: str) -> str:
    """The key's name; `Impossible("key-name")` for none and for one that is too long."""
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        raise Impossible("key-name", f"give the key a name of at most {LONGEST_NAME} letters")
    return name.strip()


def used(row: ApiKey | HouseKey | None) -> None:
    """Note in the row that the key was used, once a minute."""
    if row is not None and (row.used_at is None or now() - row.used_at >= NOTED_EVERY):
        row.used_at = now()


class Ring(ABC, Generic[Known]):
    """Tells whose a key is; remembers the answer, also that there is none, for `ttl` seconds."""

    prefixes: Collection[str]

    def __init__(self, *, ttl: float = 5.0, most: int = 10_000, clock: Callable[[], float] = monotonic) -> None:
        self._ttl, self._most, self._clock = ttl, most, clock
        self._known: dict[str, tuple[float, Known | None]] = {}
        self._noted: dict[str, float] = {}

    @abstractmethod
    async def find(self, digest: str) -> Known | None:
        """Whose key has this digest; None where none that is good has it."""

    @abstractmethod
    async def note(self, key: Known) -> None:
        """Write down that the key is used."""

    async def check(self, key: str) -> Known | None:
        """Whose key this is; None for one that there is not, that was revoked, or whose owner is switched off."""
        if not self._shaped(key):
            return None
        digest = digest_of(key)
        known = self._known.get(digest)
        if known is None or self._clock() >= known[0]:
            # Strangers may try endless keys: start afresh rather than grow.
            if len(self._known) >= self._most:
                self._known.clear()
            known = self._known[digest] = (self._clock() + self._ttl, await self.find(digest))
        if known[1] is not None:
            await self._note(known[1])
        return known[1]

    def forget(self) -> None:
        """Look every key up anew, for a key was just revoked here."""
        self._known.clear()

    def _shaped(self, key: str) -> bool:
        """Whether it can be a key of this ring: of anything else nothing is looked up or remembered."""
        body = key[3:].replace("-", "0").replace("_", "0")
        return key[:3] in self.prefixes and len(body) == KEY_LETTERS and body.isascii() and body.isalnum()

    async def _note(self, key: Known) -> None:
        """Note when it was used, once a minute; a database that is busy must not cost the request."""
        every = NOTED_EVERY.total_seconds()
        if self._clock() - self._noted.get(key.id, -every) < every:
            return
        self._noted[key.id] = self._clock()
        try:
            await self.note(key)
        except SQLAlchemyError:
            del self._noted[key.id]
