"""What people add to conversations, and what the bot could not say or says in a way of its own."""

from datetime import datetime

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from tenants.models.base import new_id, time_column


class ConversationNote(SQLModel, table=True):
    """What colleagues tell one another about a conversation; no customer sees it."""

    __tablename__ = "conversation_note"
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    person_id: str | None = None
    who: str
    text: str = Field(sa_type=Text)
    created_at: datetime = time_column()


class Label(SQLModel, table=True):
    """A word by which a tenant sorts conversations; `colour` is one of a few names."""

    __table_args__ = (UniqueConstraint("tenant_id", "name"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    name: str
    colour: str = "grey"


class ConversationLabel(SQLModel, table=True):
    """A conversation that bears a label."""

    __tablename__ = "conversation_label"
    __table_args__ = (UniqueConstraint("conversation_id", "label_id"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    label_id: str = Field(foreign_key="label.id", index=True)


class Pronunciation(SQLModel, table=True):
    """How a tenant wants a word spoken: `written` as it stands in answers, `spoken` as the voice shall read it."""

    __table_args__ = (UniqueConstraint("tenant_id", "language", "written"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    language: str
    written: str
    spoken: str
    created_at: datetime = time_column()


class OpenQuestion(SQLModel, table=True):
    """What customers asked and the bot did not know, `asked` times; `plain` is the question as it is compared.

    `state` is "open", "answered" (by `entry_id`) or "dismissed"; `turn_id` is the last turn in which it came up.
    """

    __tablename__ = "open_question"
    __table_args__ = (UniqueConstraint("tenant_id", "plain"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    tenant_id: str = Field(foreign_key="tenant.id", index=True)
    language: str
    question: str = Field(sa_type=Text)
    plain: str = Field(sa_type=Text)
    asked: int = 1
    state: str = Field(default="open", sa_type=Text, index=True)
    turn_id: str | None = None
    entry_id: str | None = None
    first_at: datetime = time_column()
    last_at: datetime = time_column()
