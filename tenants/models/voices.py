"""Voices that a tenant made by example, with the speaker's consent."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Text
from sqlmodel import Field, SQLModel

from tenants.models.base import new_id, time_column


class VoiceState(StrEnum):
    """How far a cloned voice is: only a `READY` one speaks."""

    DRAFT = "draft"
    READY = "ready"
    REVOKED = "revoked"


class ClonedVoice(SQLModel, table=True):
    """A voice by example: `sample` and `consent_blob` are recordings in the blob store, `voiceprint` is of the sample.

    `speaker` is who consented, `scope` to what, `sentence` the words that were read aloud, `consented_at` when;
    `quality` holds what was measured of the sample, `likeness` how surely the consent was read by the same person.
    """

    __tablename__ = "cloned_voice"
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    name: str
    language: str
    state: VoiceState = Field(default=VoiceState.DRAFT, sa_type=Text)
    sample: str | None = None
    sample_text: str = Field(default="", sa_type=Text)
    voiceprint: list[float] | None = Field(default=None, sa_type=JSON)
    quality: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    speaker: str = ""
    scope: str = ""
    sentence: str = Field(default="", sa_type=Text)
    consent_blob: str | None = None
    consent_text: str = Field(default="", sa_type=Text)
    likeness: float | None = None
    consented_at: datetime | None = time_column(nullable=True)
    revoked_at: datetime | None = time_column(nullable=True)
    created_at: datetime = time_column()


class Render(SQLModel, table=True):
    """A recording made with a cloned voice, so that revoking the voice can find and delete it."""

    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    voice_id: str = Field(foreign_key="cloned_voice.id", index=True)
    blob: str
    created_at: datetime = time_column()
