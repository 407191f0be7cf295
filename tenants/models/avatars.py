"""Avatars of a tenant's own, and films that were made with avatars."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from tenants.models.base import new_id, time_column


class AvatarState(StrEnum):
    """How far an avatar is: only a `READY` one is shown."""

    DRAFT = "draft"
    READY = "ready"
    REVOKED = "revoked"


class OwnAvatar(SQLModel, table=True):
    """An avatar of a tenant's own: `files` are keys of blobs by the files' names, `manifest` says what is in them.

    `colours` are the tenant's instead of the manifest's, `logo` is the blob of a picture for the wall, `created_by`
    who brought it. Of a photograph `checks` holds what was measured and asked; `person` is who is shown and consented,
    `scope` to what, `sentence` the words that were read aloud, `consent_blob` their recording, `consented_at` when.
    """

    __tablename__ = "avatar"
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    slug: str
    name_ar: str
    name_en: str
    kind: str
    state: AvatarState = Field(default=AvatarState.DRAFT, sa_type=Text)
    manifest: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    files: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    colours: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    logo: str | None = None
    created_by: str = ""
    checks: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    language: str = ""
    person: str = ""
    scope: str = ""
    sentence: str = Field(default="", sa_type=Text)
    consent_blob: str | None = None
    consent_text: str = Field(default="", sa_type=Text)
    consented_at: datetime | None = time_column(nullable=True)
    revoked_at: datetime | None = time_column(nullable=True)
    created_at: datetime = time_column()


class Film(SQLModel, table=True):
    """Moving pictures made with an avatar; `avatar_id` is the tenant's own, None for one on the shelf.

    `key` says what was said and how it looked; a film without one is never shown again, but still to be deleted.
    """

    __table_args__ = (UniqueConstraint("tenant_id", "key"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    avatar_id: str | None = Field(default=None, foreign_key="avatar.id", index=True)
    key: str | None = None
    blob: str = Field(index=True)
    seconds: float = 0.0
    created_at: datetime = time_column()
    used_at: datetime = time_column()
