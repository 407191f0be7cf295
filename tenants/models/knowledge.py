"""What a business knows: questions with answers, products, documents and their pieces, and answers given before."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from tenants.models.base import new_id, time_column


class DocumentState(StrEnum):
    """How far a document is; `APPROVAL` means its text was mended and a person must look at it first."""

    QUEUED = "queued"
    PARSING = "parsing"
    APPROVAL = "approval"
    INDEXING = "indexing"
    READY = "ready"
    FAILED = "failed"


class Entry(SQLModel, table=True):
    """One question with its answer in one language; `fact` ties the languages' versions together.

    `document_id` names the sheet that it came with, if any.
    """

    __table_args__ = (UniqueConstraint("tenant_id", "fact", "language"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    fact: str
    language: str
    question: str = Field(sa_type=Text)
    answer: str = Field(sa_type=Text)
    document_id: str | None = Field(default=None, foreign_key="document.id", index=True)
    alternatives: list[str] = Field(default_factory=list, sa_type=JSON)


class Product(SQLModel, table=True):
    """Something that is sold, in one language; `fact` ties the languages' versions together; `price` is a decimal."""

    __table_args__ = (UniqueConstraint("tenant_id", "fact", "language"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    document_id: str | None = Field(default=None, foreign_key="document.id", index=True)
    fact: str
    language: str
    name: str
    description: str = Field(default="", sa_type=Text)
    price: str | None = None
    currency: str = ""
    available: bool = True


class Document(SQLModel, table=True):
    """A file or page that the tenant gave us; `blob` is the original, `size` its bytes, `progress` 0..1.

    `text` is what we read in it, page by page, for a person to check; `error` says what was wrong with it;
    `claimed_at` is when a worker last showed life on it.
    """

    __table_args__ = (UniqueConstraint("tenant_id", "sha256"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    title: str
    url: str | None = None
    mime: str
    blob: str | None = None
    sha256: str
    size: int = Field(default=0, sa_type=BigInteger)
    state: DocumentState = Field(default=DocumentState.QUEUED, sa_type=Text, index=True)
    progress: float = 0.0
    mended: bool = False
    pages: list[str] = Field(default_factory=list, sa_type=JSON)
    error: str | None = None
    claimed_at: datetime | None = time_column(nullable=True)
    created_at: datetime = time_column()
    updated_at: datetime = time_column()


class Chunk(SQLModel, table=True):
    """A piece of a document that can be found by itself; `heading` is the way of headings down to it."""

    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    document_id: str = Field(foreign_key="document.id", index=True)
    position: int
    page: int | None = None
    heading: str = ""
    text: str = Field(sa_type=Text)
    language: str = "ar"


class CachedAnswer(SQLModel, table=True):
    """An answer given before; `key` says to what and under which knowledge, policy and voice, `blob` how it sounded."""

    __tablename__ = "cached_answer"
    __table_args__ = (UniqueConstraint("tenant_id", "key"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    key: str
    circumstances: str = Field(index=True)
    question: str = Field(sa_type=Text)
    language: str
    answer: str = Field(sa_type=Text)
    citations: list[str] = Field(default_factory=list, sa_type=JSON)
    blob: str | None = None
    mime: str | None = None
    seconds: float | None = None
    hits: int = 0
    created_at: datetime = time_column()
    used_at: datetime = time_column()
