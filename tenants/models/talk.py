"""Customers, their conversations and messages, and the turns that answer them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from tenants.models.base import LONG_AGO, BigId, new_id, since, time_column


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


class Contact(SQLModel, table=True):
    """A customer of a tenant, whatever networks they write from.

    `facts` is what they let us remember of them (name, language, reply), `consented_at` when they did.
    """

    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    name: str | None = None
    language: str | None = None
    facts: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    consented_at: datetime | None = time_column(nullable=True)
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
    """A contact's thread with one account; `address` is what the channel needs to answer there.

    The bot remembers from message `memory_from` on, and `summary` of what came between there and message
    `summary_until`. `handed_at` is when a person was asked to take over, `pending` the action that waits for a yes.

    `mode` is "bot", or "human" while the person `agent_id` answers here instead (since `taken_at`), or "script" for
    what is only the place of a film that was ordered. `last_*` are of the newest message that either side can see,
    `unread` counts the customer's since a colleague looked; `closed_at` is when somebody called it settled, until the
    customer writes again. `changed_at` moves with everything that a list of conversations, or the thread itself, would
    show differently.
    """

    __table_args__ = (
        UniqueConstraint("account_id", "chat"),
        Index("ix_conversation_newest", "tenant_id", "last_at", "id"),
    )
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    account_id: str = Field(foreign_key="channel_account.id", index=True)
    contact_id: str = Field(foreign_key="contact.id", index=True)
    chat: str
    address: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    language: str | None = None
    summary: str = Field(default="", sa_type=Text)
    summary_until: int = Field(default=0, sa_type=BigInteger)
    memory_from: int = Field(default=0, sa_type=BigInteger)
    handed_at: datetime | None = time_column(nullable=True)
    pending: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    mode: str = Field(default="bot", sa_column_kwargs=since("bot"))
    agent_id: str | None = Field(default=None, index=True)
    taken_at: datetime | None = time_column(nullable=True)
    unread: int = Field(default=0, sa_column_kwargs=since("0"))
    last_text: str | None = Field(default=None, sa_type=Text)
    last_kind: str | None = None
    last_direction: str | None = None
    last_at: datetime = time_column(before=LONG_AGO)
    closed_at: datetime | None = time_column(nullable=True)
    changed_at: datetime = time_column(index=True, before=LONG_AGO)
    last_in_at: datetime | None = time_column(nullable=True)
    created_at: datetime = time_column()


MESSAGE_COUNTED = ("direction", "kind", "status", "conversation_id")


class Message(SQLModel, table=True):
    """One message in either direction; `inbox_id` orders incoming ones, `provider_id` is unique in its conversation.

    `key` is the idempotency key of an outgoing one. `wish` is the form in which the customer asked for the answer;
    `heard` how much of an answer in a call was really heard before the caller broke in. `status` is "received" for
    incoming messages; for outgoing ones "sending" (intent written, outcome unknown), then the vendor's word.
    `author_id` is the person of ours who wrote or spoke it, None for customers and the bot; an incoming one with an
    author (kind "script") is the order for an outgoing one, and never shown. `peaks` are how loud a recording is from
    its beginning to its end, each 0 to 99.
    """

    __table_args__ = (
        UniqueConstraint("account_id", "conversation_id", "provider_id"),
        UniqueConstraint("tenant_id", "key"),
        # Words are looked for in this alone, which is a quarter of the table; Postgres takes no words of any length.
        Index("ix_message_words", "tenant_id", "conversation_id", "text").ddl_if(dialect="sqlite"),
        # Periods are counted in this alone.
        Index("ix_message_period", *("tenant_id", "created_at", "account_id"), *MESSAGE_COUNTED),
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
    wish: str | None = None
    heard: str | None = Field(default=None, sa_type=Text)
    author_id: str | None = None
    peaks: list[int] | None = Field(default=None, sa_type=JSON)
    sent_at: datetime = time_column()
    created_at: datetime = time_column()


class Turn(SQLModel, table=True):
    """A burst of messages and its one answer; `id` is the workflow's id; a dead one names the step and the cause.

    `citations` are the ids of the passages that the answer rests on; `progress` is how far its video is, 0 to 99;
    `call_id` is the call in which it happened.
    """

    __table_args__ = (Index("ix_turn_period", "tenant_id", "started_at", "state", "note"),)
    id: str = Field(primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    state: TurnState = Field(default=TurnState.RUNNING, sa_type=Text, index=True)
    heard: str | None = Field(default=None, sa_type=Text)
    answer: str | None = Field(default=None, sa_type=Text)
    language: str | None = None
    reply_kind: str | None = None
    citations: list[str] = Field(default_factory=list, sa_type=JSON)
    note: str | None = None
    call_id: str | None = Field(default=None, index=True)
    progress: int | None = None
    failed_step: str | None = None
    cause: str | None = Field(default=None, sa_type=Text)
    started_at: datetime = time_column()
    finished_at: datetime | None = time_column(nullable=True)


STAGE_COUNTED = ("name", "engine", "unit", "units", "cost")


class TurnStage(SQLModel, table=True):
    """What one stage of a turn took: milliseconds, engine, units of `unit`, millionths of a US dollar.

    `at` and `account_id` are its turn's, so that a period's costs are counted here alone. One without a turn was no
    customer's: somebody of the business tried the bot.
    """

    __tablename__ = "turn_stage"
    __table_args__ = (
        UniqueConstraint("turn_id", "name", "part"),
        Index("ix_turn_stage_period", *("tenant_id", "at", "account_id"), *STAGE_COUNTED),
    )
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    turn_id: str | None = Field(default=None, foreign_key="turn.id", index=True)
    account_id: str | None = None
    at: datetime = time_column(before=LONG_AGO)
    name: str
    part: int = 0
    engine: str | None = None
    ms: float = 0.0
    units: float = 0.0
    unit: str | None = None
    cost: int = 0
