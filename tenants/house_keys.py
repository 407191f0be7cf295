"""Keys to the API above a tenant: an agency's, for its own deeds, and the platform's; functions on its session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from errors import Impossible
from tenants import audit, keyring
from tenants.audit import Actor
from tenants.db import Database
from tenants.keyring import SHOWN, Ring
from tenants.models import Agency, HouseKey, now
from tenants.people.places import By
from tenants.people.roles import Reach

HOUSE = "ak_"


@dataclass(frozen=True)
class HouseRef:
    """Whose key it is: an agency's (by id), or (None) the platform's."""

    id: str
    agency_id: str | None

    @property
    def by(self) -> By:
        """Who does what is done with it, and all they may reach."""
        actor = Actor(f"key:{self.id}")
        if self.agency_id is None:
            return By.operator(actor)
        return By(actor, Reach(platform=False, agencies=frozenset({self.agency_id}), tenants={}))


async def make(session: AsyncSession, actor: Actor, agency_id: str | None, name: str) -> tuple[str, HouseKey]:
    """Make a key for an agency or (None) the platform; it can't be read again. `Impossible("key-name")`."""
    key = keyring.fresh(HOUSE)
    row = HouseKey(
        agency_id=agency_id,
        name=keyring.named(name),
        prefix=key[:SHOWN],
        digest=keyring.digest_of(key),
        made_by=actor.who,
    )
    session.add(row)
    audit.record(session, actor, "house.key-make", row.prefix, after={"name": row.name}, agency_id=agency_id)
    return key, row


async def listing(session: AsyncSession, agency_id: str | None) -> Sequence[HouseKey]:
    """The agency's keys, or (None) the platform's own, newest first, revoked ones too."""
    asked = select(HouseKey).where(col(HouseKey.agency_id) == agency_id)
    return (await session.scalars(asked.order_by(col(HouseKey.created_at).desc(), col(HouseKey.id)))).all()


async def revoke(session: AsyncSession, actor: Actor, agency_id: str | None, key_id: str) -> None:
    """Refuse the key from now on (other processes within five seconds); `Impossible("key-missing")` for another's."""
    mine = col(HouseKey.id) == key_id, col(HouseKey.agency_id) == agency_id
    row = await session.scalar(select(HouseKey).where(*mine))
    if row is None:
        raise Impossible("key-missing", "list the keys here: this is none of them")
    row.revoked_at = row.revoked_at or now()
    audit.record(session, actor, "house.key-revoke", row.prefix, agency_id=agency_id)


class HouseKeyring(Ring[HouseRef]):
    """Tells whose such a key is."""

    prefixes = (HOUSE,)

    def __init__(
        self, db: Database, *, ttl: float = 5.0, most: int = 10_000, clock: Callable[[], float] = monotonic
    ) -> None:
        super().__init__(ttl=ttl, most=most, clock=clock)
        self._db = db

    async def find(self, digest: str) -> HouseRef | None:
        """Whose key has this digest; None for one that was revoked, or whose agency is switched off."""
        asked = select(HouseKey).outerjoin(Agency, col(Agency.id) == col(HouseKey.agency_id))
        good = col(HouseKey.revoked_at).is_(None), or_(col(HouseKey.agency_id).is_(None), col(Agency.off_at).is_(None))
        async with self._db.platform(reads=True) as session:
            row = await session.scalar(asked.where(col(HouseKey.digest) == digest, *good))
        return HouseRef(row.id, row.agency_id) if row is not None and keyring.same(row, digest) else None

    async def note(self, key: HouseRef) -> None:
        """Write down that the key is used."""
        async with self._db.platform() as session:
            keyring.used(await session.get(HouseKey, key.id))
