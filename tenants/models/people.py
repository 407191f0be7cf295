"""The people who use the panel: what they may, how they sign in, and what they did."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from tenants.models.base import BigId, new_id, time_column


class Person(SQLModel, table=True):
    """Somebody who signs in; `login` is in lower case, `password` a hash ("" until they chose one).

    `totp` is the vault's token of the second factor's secret, in force since `totp_at`; `totp_step` is the last step of
    time whose code was used. `recovery` are digests of the codes for who lost it.
    """

    id: str = Field(default_factory=new_id, primary_key=True)
    login: str = Field(unique=True)
    name: str
    password: str = ""
    language: str = "ar"
    totp: str | None = None
    totp_at: datetime | None = time_column(nullable=True)
    totp_step: int = Field(default=0, sa_type=BigInteger)
    recovery: list[str] = Field(default_factory=list, sa_type=JSON)
    active: bool = True
    created_at: datetime = time_column()
    seen_at: datetime | None = time_column(nullable=True)


class AccessGrant(SQLModel, table=True):
    """A role of a person: for one tenant, for an agency with all its tenants, or (neither) for the platform."""

    __tablename__ = "access_grant"
    id: str = Field(default_factory=new_id, primary_key=True)
    person_id: str = Field(foreign_key="person.id", index=True)
    role: str
    tenant_id: str | None = Field(default=None, foreign_key="tenant.id", index=True)
    agency_id: str | None = Field(default=None, foreign_key="agency.id", index=True)
    created_at: datetime = time_column()


class SignIn(SQLModel, table=True):
    """A browser in which somebody is signed in; `digest` is of the cookie, `whole` says the second factor was given.

    `csrf` is what forms of this browser must bring along.
    """

    __tablename__ = "sign_in"
    id: str = Field(default_factory=new_id, primary_key=True)
    digest: str = Field(unique=True)
    csrf: str
    person_id: str = Field(foreign_key="person.id", index=True)
    whole: bool = False
    address: str = ""
    browser: str = ""
    created_at: datetime = time_column()
    seen_at: datetime = time_column()
    expires_at: datetime = time_column(index=True)


class Attempt(SQLModel, table=True):
    """How often somebody tried to get in: `key` is whom they tried to be, or from where, without telling either.

    After too many `failures` nothing under this key is looked at before `until`.
    """

    key: str = Field(primary_key=True)
    failures: int = 0
    until: datetime = time_column()
    at: datetime = time_column(index=True)


class Invite(SQLModel, table=True):
    """A link that makes its bearer a person with this role, or (`person_id`) lets one choose a new password."""

    id: str = Field(default_factory=new_id, primary_key=True)
    digest: str = Field(unique=True)
    name: str = ""
    role: str = ""
    tenant_id: str | None = Field(default=None, foreign_key="tenant.id", index=True)
    agency_id: str | None = Field(default=None, foreign_key="agency.id", index=True)
    person_id: str | None = Field(default=None, foreign_key="person.id", index=True)
    created_by: str = ""
    created_at: datetime = time_column()
    expires_at: datetime = time_column()
    used_at: datetime | None = time_column(nullable=True)


class AuditEntry(SQLModel, table=True):
    """One thing that somebody did: `action` ("persona.save"), to what, and how that was before and after.

    Neither `before` nor `after` holds a secret. `who` is the name at that time; `person_id` is None for the API
    and the command line.
    """

    __tablename__ = "audit_entry"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    tenant_id: str | None = Field(default=None, foreign_key="tenant.id", index=True)
    agency_id: str | None = Field(default=None, foreign_key="agency.id", index=True)
    person_id: str | None = Field(default=None, index=True)
    who: str
    action: str
    thing: str = ""
    before: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    after: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    address: str = ""
    at: datetime = time_column(index=True)


class PolicyVersion(SQLModel, table=True):
    """How a tenant wanted its customers served at one time, whole, so that it can be compared and brought back."""

    __tablename__ = "policy_version"
    __table_args__ = (UniqueConstraint("tenant_id", "number"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    number: int
    policy: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    facts: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    note: str = ""
    person_id: str | None = None
    who: str = ""
    created_at: datetime = time_column()


class HouseKey(SQLModel, table=True):
    """A key to the API for an agency's own deeds, or (no agency) the platform's; `digest` is all that is kept of it."""

    __tablename__ = "house_key"
    id: str = Field(default_factory=new_id, primary_key=True)
    agency_id: str | None = Field(default=None, foreign_key="agency.id", index=True)
    name: str
    prefix: str
    digest: str = Field(unique=True)
    made_by: str
    created_at: datetime = time_column()
    used_at: datetime | None = time_column(nullable=True)
    revoked_at: datetime | None = time_column(nullable=True)


class HouseRepeat(SQLModel, table=True):
    """What a request by such a key with this idempotency key was answered with; `digest` is of the request itself."""

    __tablename__ = "house_repeat"
    key: str = Field(primary_key=True)
    digest: str
    status: int = 0
    answer: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    created_at: datetime = time_column()


class SystemSetting(SQLModel, table=True):
    """A choice of the platform's administrator for the whole installation."""

    __tablename__ = "system_setting"
    key: str = Field(primary_key=True)
    value: Any = Field(default=None, sa_type=JSON)
    changed_at: datetime = time_column()


class ServerProcess(SQLModel, table=True):
    """A process of ours and what it last said of itself: `kind` is "serve" or "worker", `figures` what it counts."""

    __tablename__ = "server_process"
    name: str = Field(primary_key=True)
    kind: str
    figures: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    started_at: datetime = time_column()
    seen_at: datetime = time_column(index=True)
