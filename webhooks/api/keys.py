"""Keys to this API, and the business's own systems that are told what happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Path
from pydantic import BaseModel, Field

from core_pipeline import notices
from core_pipeline.notices import looking
from errors import NeedsOwner
from tenants import api_keys, audit
from tenants.audit import Actor
from tenants.models import ApiKey
from webhooks.api import schemas
from webhooks.api.access import Caller, allowed

if TYPE_CHECKING:
    from fastapi import FastAPI
    from sqlalchemy.ext.asyncio import AsyncSession

    from webhooks.api.desk import Desk

Holder = Annotated[Caller, Depends(allowed("admin", secret=True))]
Teller = Annotated[Caller, Depends(allowed("notices", secret=True))]
RowId = Annotated[str, Path(pattern=schemas.ID)]
MOST_ORIGINS, LONGEST_ORIGIN, LONGEST_URL = 20, 200, 2000


class KeyTold(BaseModel):
    """A key without itself: `prefix` is its beginning."""

    id: str
    name: str
    prefix: str
    scopes: list[str]
    public: bool
    origins: list[str]
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


class KeyMade(KeyTold):
    """A fresh key; `key` is shown this once."""

    key: str


class KeyAsked(schemas.Asking):
    """What a new key may do; a public one only talks, from pages of these origins."""

    name: schemas.Name
    scopes: list[Annotated[str, Field(max_length=20)]] = Field(min_length=1, max_length=len(api_keys.SCOPES))
    public: bool = False
    origins: list[Annotated[str, Field(max_length=LONGEST_ORIGIN)]] = Field(
        default_factory=list, max_length=MOST_ORIGINS
    )


class SubscriptionTold(BaseModel):
    """An address that is told of these events; one that kept refusing is not `active`."""

    id: str
    url: str
    events: list[str]
    active: bool
    created_at: datetime


class SubscriptionMade(BaseModel):
    """A new address; its notices are signed with `secret`, which is shown this once."""

    id: str
    secret: str


class SubscriptionAsked(schemas.Asking):
    """An address of yours and what it wants to be told of."""

    url: Annotated[str, Field(max_length=LONGEST_URL, pattern=r"^https?://[!-~]+$")]
    events: list[Annotated[str, Field(max_length=40)]] = Field(min_length=1, max_length=len(notices.EVENTS))


class NoticeTold(BaseModel):
    """What became of one notice: "waiting", "delivered" or "dead", with its cause."""

    id: str
    subscription_id: str
    event: str
    state: str
    attempts: int
    cause: str | None
    created_at: datetime
    done_at: datetime | None


class NoticeQueued(BaseModel):
    """A notice on its way."""

    id: str


@dataclass(frozen=True)
class Keys:
    """The routes that need the scopes "admin" (keys) and "notices" (addresses that are told)."""

    desk: Desk

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        app.add_api_route("/keys", self.keys, methods=["GET"], response_model=list[KeyTold])
        app.add_api_route("/keys", self.make, methods=["POST"], response_model=KeyMade, status_code=201)
        app.add_api_route("/keys/{row_id}", self.revoke, methods=["DELETE"], status_code=204)
        told = "/subscriptions"
        app.add_api_route(told, self.subscriptions, methods=["GET"], response_model=list[SubscriptionTold])
        app.add_api_route(told, self.subscribe, methods=["POST"], response_model=SubscriptionMade, status_code=201)
        app.add_api_route(f"{told}/{{row_id}}", self.unsubscribe, methods=["DELETE"], status_code=204)
        trial = {"methods": ["POST"], "response_model": NoticeQueued, "status_code": 202}
        app.add_api_route(f"{told}/{{row_id}}/test", self.trial, **trial)  # type: ignore[arg-type]  # three arguments by name
        app.add_api_route("/notices", self.told, methods=["GET"], response_model=list[NoticeTold])
        app.add_api_route("/notices/{row_id}/retry", self.retry, methods=["POST"], status_code=204)

    async def keys(self, caller: Holder) -> list[KeyTold]:
        """List keys, newest first, revoked ones too."""
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            return [_key(row) for row in await api_keys.listing(session)]

    async def make(self, caller: Holder, asked: KeyAsked) -> KeyMade:
        """Make a key."""
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            return await fresh(session, Actor(f"api:{caller.id}"), asked)

    async def revoke(self, caller: Holder, row_id: RowId) -> None:
        """Refuse a key from now on."""
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            await api_keys.revoke(session, row_id)
            _note(session, caller, "api.revoke", row_id)

    async def subscriptions(self, caller: Teller) -> list[SubscriptionTold]:
        """List addresses that are told what happens."""
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            rows = await notices.listing(session)
        return [SubscriptionTold.model_validate(row, from_attributes=True) for row in rows]

    async def subscribe(self, caller: Teller, asked: SubscriptionAsked) -> SubscriptionMade:
        """Have an address of yours told what happens."""
        vault = self.desk.needs.vault
        if vault is None:
            raise NeedsOwner("account-off", "this installation keeps no secrets here")
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            made = await notices.subscribe(session, vault, asked.url, asked.events, self.desk.needs.inner)
            _note(session, caller, "notices.subscribe", made.id, {"events": asked.events})
        return SubscriptionMade(id=made.id, secret=made.secret.get_secret_value())

    async def unsubscribe(self, caller: Teller, row_id: RowId) -> None:
        """Tell an address nothing more."""
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            await notices.unsubscribe(session, row_id)
            _note(session, caller, "notices.unsubscribe", row_id)

    async def trial(self, caller: Teller, row_id: RowId) -> NoticeQueued:
        """Send an address a notice that means nothing."""
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            notice_id = await looking.trial(session, row_id)
            _note(session, caller, "notices.test", row_id)
        return NoticeQueued(id=notice_id)

    async def told(self, caller: Teller) -> list[NoticeTold]:
        """List the latest notices and what became of them."""
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            rows = await looking.recent(session)
        return [NoticeTold.model_validate(row, from_attributes=True) for row in rows]

    async def retry(self, caller: Teller, row_id: RowId) -> None:
        """Try a dead notice again."""
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            await notices.retry(session, row_id)
            _note(session, caller, "notices.retry", row_id)


async def fresh(session: AsyncSession, by: Actor, asked: KeyAsked) -> KeyMade:
    """A new key of the session's business."""
    key, row = await api_keys.make(session, asked.name, asked.scopes, public=asked.public, origins=asked.origins)
    audit.record(session, by, "api.make", row.prefix, after=asked.model_dump())
    return KeyMade(**_key(row).model_dump(), key=key)


def _key(row: ApiKey) -> KeyTold:
    return KeyTold.model_validate(row, from_attributes=True)


def _note(session: AsyncSession, caller: Caller, action: str, thing: str, after: dict[str, Any] | None = None) -> None:
    audit.record(session, Actor(f"api:{caller.id}"), action, thing, after=after)
