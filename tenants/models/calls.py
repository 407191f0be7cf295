"""Live calls, keys to the public API, and what is to be told to the tenants' own systems."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from tenants.models.base import new_id, time_column


class Call(SQLModel, table=True):
    """One call: `provider_id` is the vendor's name of it, `token` the digest of the one-time token of its sound.

    `state` is a `CallState`, `reason` why it ended. `opening` is what we say first where we called, or else the
    greeting. `recording` is a blob (both sides in stereo), `metrics` what was measured, times in milliseconds.
    """

    __table_args__ = (UniqueConstraint("account_id", "provider_id"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    account_id: str = Field(foreign_key="channel_account.id", index=True)
    provider_id: str
    outgoing: bool = False
    state: str = Field(default="ringing", sa_type=Text, index=True)
    reason: str = ""
    token: str | None = None
    opening: str = Field(default="", sa_type=Text)
    language: str | None = None
    recording: str | None = None
    metrics: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    process: str = ""
    started_at: datetime = time_column()
    answered_at: datetime | None = time_column(nullable=True)
    ended_at: datetime | None = time_column(nullable=True)


class ApiKey(SQLModel, table=True):
    """A key to the public API: `digest` is all that is kept of it, `prefix` its beginning, to tell keys apart.

    `scopes` are what it may do. A `public` key is for web pages: it may only talk, from `origins` alone.
    """

    __tablename__ = "api_key"
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    name: str
    prefix: str
    digest: str = Field(unique=True)
    scopes: list[str] = Field(default_factory=list, sa_type=JSON)
    public: bool = False
    origins: list[str] = Field(default_factory=list, sa_type=JSON)
    created_at: datetime = time_column()
    used_at: datetime | None = time_column(nullable=True)
    revoked_at: datetime | None = time_column(nullable=True)


class Idempotency(SQLModel, table=True):
    """What a request with this idempotency key was answered with; `digest` is of the request itself."""

    __table_args__ = (UniqueConstraint("tenant_id", "key"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    key: str
    digest: str
    status: int = 0
    answer: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    created_at: datetime = time_column()


class Subscription(SQLModel, table=True):
    """A tenant's own system that wants to be told of `events`; `sealed` is the vault's token of the signing secret."""

    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    url: str
    events: list[str] = Field(default_factory=list, sa_type=JSON)
    sealed: str
    active: bool = True
    created_at: datetime = time_column()


class NoticeState(StrEnum):
    """How far a notice is; a `DEAD` one was refused for good, or too often."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


class Notice(SQLModel, table=True):
    """Something that happened, on its way to one subscription; `key` names the event, so that it is told once."""

    __table_args__ = (UniqueConstraint("subscription_id", "key"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    subscription_id: str = Field(foreign_key="subscription.id", index=True)
    key: str
    event: str
    payload: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    state: NoticeState = Field(default=NoticeState.WAITING, sa_type=Text, index=True)
    attempts: int = 0
    cause: str | None = None
    next_at: datetime = time_column(index=True)
    created_at: datetime = time_column()
    done_at: datetime | None = time_column(nullable=True)
