"""What we keep: one class per table. Every table with a `tenant_id` is scoped by `tenants.db`."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import JSON, BigInteger, Column, DateTime, Dialect, Integer, Text, UniqueConstraint
from sqlalchemy.orm import registry
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

BigId = BigInteger().with_variant(Integer, "sqlite")


def new_id() -> str:
    """A fresh opaque id: 32 hexadecimal digits."""
    return uuid4().hex


def now() -> datetime:
    """The current time, in UTC."""
    return datetime.now(UTC)


class UtcTime(TypeDecorator[datetime]):
    """Times are written and read in UTC with their zone, also on SQLite, which knows none."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - given by SQLAlchemy
        """Refuse naive times and turn the rest into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "naive datetime"
            raise ValueError(msg)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - given by SQLAlchemy
        """Give back the zone that SQLite dropped."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def time_column(*, nullable: bool = False, index: bool = False) -> Any:
    """A column of UTC time; defaults to now unless it may be empty."""
    kept: Column[datetime] = Column(UtcTime(), nullable=nullable, index=index)
    return Field(default=None, sa_column=kept) if nullable else Field(default_factory=now, sa_column=kept)


class Direction(StrEnum):
    """Which way a message went."""

    IN = "in"
    OUT = "out"


class TurnState(StrEnum):
    """Where a turn stands; `MERGED` means another turn of the same burst answered it."""

    RUNNING = "running"
    ANSWERED = "answered"
    MERGED = "merged"
    DEAD = "dead"


class Agency(SQLModel, table=True):
    """Who looks after a group of tenants."""

    id: str = Field(default_factory=new_id, primary_key=True)
    slug: str = Field(unique=True)
    name: str
    created_at: datetime = time_column()


class Tenant(SQLModel, table=True):
    """A business that we serve; `knowledge_version` rises with every change of its questions and answers."""

    id: str = Field(default_factory=new_id, primary_key=True)
    agency_id: str = Field(foreign_key="agency.id", index=True)
    slug: str = Field(unique=True)
    name_ar: str
    name_en: str
    policy: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    knowledge_version: int = 1
    active: bool = True
    created_at: datetime = time_column()


class ChannelAccount(SQLModel, table=True):
    """A connected number or bot; `sealed` holds the vault's tokens by secret name."""

    __tablename__ = "channel_account"
    __table_args__ = (UniqueConstraint("channel", "external_id"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    channel: str
    external_id: str
    title: str = ""
    config: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    sealed: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    active: bool = True
    created_at: datetime = time_column()


class Contact(SQLModel, table=True):
    """A customer of a tenant, whatever networks they write from."""

    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    name: str | None = None
    language: str | None = None
    created_at: datetime = time_column()


class ContactIdentity(SQLModel, table=True):
    """One name by which a network knows a contact: phone, BSUID, Telegram id."""

    __tablename__ = "contact_identity"
    __table_args__ = (UniqueConstraint("tenant_id", "kind", "value"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    contact_id: str = Field(foreign_key="contact.id", index=True)
    kind: str
    value: str


class Conversation(SQLModel, table=True):
    """A contact's thread with one account; `address` is what the channel needs to answer there."""

    __table_args__ = (UniqueConstraint("account_id", "chat"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    account_id: str = Field(foreign_key="channel_account.id", index=True)
    contact_id: str = Field(foreign_key="contact.id", index=True)
    chat: str
    address: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    language: str | None = None
    last_in_at: datetime | None = time_column(nullable=True)
    created_at: datetime = time_column()


class Message(SQLModel, table=True):
    """One message in either direction; `inbox_id` orders incoming ones, `provider_id` is unique in its conversation.

    `key` is the idempotency key of an outgoing one. `status` is "received" for
    incoming messages; for outgoing ones "sending" (intent written, outcome unknown), then the vendor's word.
    """

    __table_args__ = (
        UniqueConstraint("account_id", "conversation_id", "provider_id"),
        UniqueConstraint("tenant_id", "key"),
    )
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    account_id: str = Field(foreign_key="channel_account.id")
    turn_id: str | None = Field(default=None, index=True)
    direction: Direction = Field(sa_type=Text)
    kind: str
    text: str | None = Field(default=None, sa_type=Text)
    media: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    blob: str | None = None
    provider_id: str | None = Field(default=None, index=True)
    reply_to: str | None = None
    key: str | None = None
    inbox_id: int | None = Field(default=None, sa_type=BigInteger)
    status: str = "received"
    error: str | None = None
    language: str | None = None
    confidence: float | None = None
    seconds: float | None = None
    sent_at: datetime = time_column()
    created_at: datetime = time_column()


class Turn(SQLModel, table=True):
    """A burst of messages and its one answer; `id` is the workflow's id; a dead one names the step and the cause."""

    id: str = Field(primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    state: TurnState = Field(default=TurnState.RUNNING, sa_type=Text, index=True)
    heard: str | None = Field(default=None, sa_type=Text)
    answer: str | None = Field(default=None, sa_type=Text)
    language: str | None = None
    reply_kind: str | None = None
    note: str | None = None
    failed_step: str | None = None
    cause: str | None = Field(default=None, sa_type=Text)
    started_at: datetime = time_column()
    finished_at: datetime | None = time_column(nullable=True)


class TurnStage(SQLModel, table=True):
    """What one stage of a turn took: milliseconds, engine, units of `unit`, millionths of a US dollar."""

    __tablename__ = "turn_stage"
    __table_args__ = (UniqueConstraint("turn_id", "name", "part"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    turn_id: str = Field(foreign_key="turn.id", index=True)
    name: str
    part: int = 0
    engine: str | None = None
    ms: float = 0.0
    units: float = 0.0
    unit: str | None = None
    cost: int = 0


class Entry(SQLModel, table=True):
    """One question with its answer in one language; `fact` ties the languages' versions together."""

    __table_args__ = (UniqueConstraint("tenant_id", "fact", "language"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    fact: str
    language: str
    question: str = Field(sa_type=Text)
    answer: str = Field(sa_type=Text)
    alternatives: list[str] = Field(default_factory=list, sa_type=JSON)


class InboxBase(SQLModel, registry=registry()):
    """Keeps the inbox's table apart: on SQLite it lives in a file of its own."""


class InboxRow(InboxBase, table=True):
    """What arrived, written once before we answer the vendor; kept longer than the workflow that serves it."""

    __tablename__ = "inbox"
    __table_args__ = (UniqueConstraint("account_id", "provider_id"),)
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    tenant_id: str
    account_id: str
    provider_id: str
    payload: str = Field(sa_type=Text)
    tries: int = 0
    received_at: datetime = time_column()
    relayed_at: datetime | None = time_column(nullable=True, index=True)
