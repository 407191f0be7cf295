"""Agencies, the businesses they look after, and the accounts of these with networks and engines."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field, SQLModel

from tenants.models.base import new_id, time_column


class Agency(SQLModel, table=True):
    """Who looks after a group of tenants; `domain` is the host name at which its people find the panel.

    `brand` is how the panel looks to them: "name_ar", "name_en", "logo" (a blob), "colour" (#rrggbb). Since `off_at`
    neither its people nor its keys are let in; its businesses are served on.
    """

    id: str = Field(default_factory=new_id, primary_key=True)
    slug: str = Field(unique=True)
    name: str
    domain: str | None = Field(default=None, unique=True, index=True)
    brand: dict[str, str] = Field(default_factory=dict, sa_type=JSON, nullable=True)
    off_at: datetime | None = time_column(nullable=True)
    created_at: datetime = time_column()


class Tenant(SQLModel, table=True):
    """A business that we serve; `knowledge_version` rises with every change of its questions and answers.

    `facts` are what is said of it everywhere ("trade", "phone", "address", "website", …), `quota` what a month may
    bring ("messages", and "stop": whether the bot keeps quiet after that).
    """

    id: str = Field(default_factory=new_id, primary_key=True)
    agency_id: str = Field(foreign_key="agency.id", index=True)
    slug: str = Field(unique=True)
    name_ar: str
    name_en: str
    policy: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    facts: dict[str, str] = Field(default_factory=dict, sa_type=JSON, nullable=True)
    quota: dict[str, Any] = Field(default_factory=dict, sa_type=JSON, nullable=True)
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


class EngineAccount(SQLModel, table=True):
    """A tenant's own set-up of an engine; `sealed` holds the vault's tokens by secret name."""

    __tablename__ = "engine_account"
    __table_args__ = (UniqueConstraint("tenant_id", "kind", "name"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    kind: str
    name: str
    config: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    sealed: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    created_at: datetime = time_column()


class Action(SQLModel, table=True):
    """Something the bot can do for a customer by calling the tenant's own system over HTTP.

    `parameters` is a JSON schema of type object; `url` may name its properties in braces; `sealed` holds the vault's
    tokens of secret headers by header name; `changes` says that it has side effects and needs the customer's yes;
    `timeout` counts in seconds.
    """

    __table_args__ = (UniqueConstraint("tenant_id", "name"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    name: str
    description: str
    method: str = "GET"
    url: str
    headers: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    sealed: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    parameters: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    changes: bool = False
    timeout: float = 8.0
    active: bool = True
    created_at: datetime = time_column()
