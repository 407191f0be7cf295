"""The inbox's table, apart from the others: on SQLite it lives in a file of its own."""

from datetime import datetime

from sqlalchemy import Column, Text, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from tenants.models.base import BigId, time_column


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
